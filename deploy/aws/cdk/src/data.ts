import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as elasticache from "aws-cdk-lib/aws-elasticache";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import * as rds from "aws-cdk-lib/aws-rds";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { CACHE_PORT, DATABASE_PORT, type Network } from "./network.js";
import type { Settings } from "./settings.js";

export const DATABASE = "market";
/** Where the tunnel to Valkey listens in a task: the server speaks to it without TLS. */
export const TUNNEL_PORT = 6379;

/** As deploy/compose.yaml has them; memory is Amazon's default, a share of the class. */
const PARAMETERS = {
  "rds.force_ssl": "1",
  "max_wal_size": "4096", // MB
  "checkpoint_timeout": "900",
  "wal_compression": "lz4",
  "default_toast_compression": "lz4",
  "random_page_cost": "1.1",
  "jit": "0",
  "max_connections": "800",
  "autovacuum_vacuum_cost_limit": "2000",
  "autovacuum_analyze_scale_factor": "0.02",
  "log_min_duration_statement": "1000",
  "log_lock_waits": "1",
};

interface Props extends StackProps {
  settings: Settings;
  network: Network;
  key: kms.IKey;
}

/** PostgreSQL in two zones, of which the second takes over; Valkey in two; and the server's secrets. */
export class Data extends Stack {
  readonly database: rds.DatabaseInstance;
  readonly cache: elasticache.CfnReplicationGroup;
  /** REDIS_URL, with the password of Valkey. */
  readonly cacheUrl: secretsmanager.ISecret;
  /** SEBEZ_SECRET: what tokens and the passwords of the database's roles are derived from. */
  readonly secret: secretsmanager.Secret;
  /** Settings that are secret, by their names, such as SEBEZ_SMTP_URL. The owner writes them. */
  readonly owners: secretsmanager.Secret;

  constructor(scope: Construct, id: string, { settings, network, key, ...props }: Props) {
    super(scope, id, props);
    this.database = this.#postgresql(settings, network, key);
    const password = new secretsmanager.Secret(this, "CachePassword", {
      description: "Password of Valkey", encryptionKey: key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    }).secretValue.unsafeUnwrap(); // a reference, which only Amazon resolves
    this.cache = this.#valkey(settings, network, key, password);
    const url = new secretsmanager.CfnSecret(this, "CacheUrl", {
      description: "REDIS_URL", kmsKeyId: key.keyArn,
      secretString: `redis://:${password}@127.0.0.1:${TUNNEL_PORT}`,
    });
    this.cacheUrl = secretsmanager.Secret.fromSecretAttributes(this, "CacheUrlOfTasks", {
      secretCompleteArn: url.ref, encryptionKey: key,
    });
    this.secret = new secretsmanager.Secret(this, "Secret", {
      description: "SEBEZ_SECRET", encryptionKey: key, removalPolicy: RemovalPolicy.RETAIN,
      generateSecretString: { // 256 bits in hexadecimal digits
        passwordLength: 64, excludeUppercase: true, excludePunctuation: true,
        excludeCharacters: "ghijklmnopqrstuvwxyz", requireEachIncludedType: false,
      },
    });
    this.owners = new secretsmanager.Secret(this, "Owners", {
      description: "Secret settings of the marketplace, by name: SEBEZ_SMTP_URL", encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
      generateSecretString: { secretStringTemplate: '{"SEBEZ_SMTP_URL": ""}', generateStringKey: "unused" },
    });
  }

  #postgresql(settings: Settings, network: Network, key: kms.IKey): rds.DatabaseInstance {
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 });
    const database = new rds.DatabaseInstance(this, "Database", {
      engine, databaseName: DATABASE, port: DATABASE_PORT,
      instanceType: new ec2.InstanceType(settings.size.database),
      parameterGroup: new rds.ParameterGroup(this, "Parameters", { engine, parameters: PARAMETERS }),
      credentials: rds.Credentials.fromGeneratedSecret(DATABASE, { encryptionKey: key }),
      vpc: network.vpc, vpcSubnets: { subnetGroupName: "data" },
      securityGroups: [this.#unchanged(network.groups.database)],
      multiAz: true, storageType: rds.StorageType.GP3, allocatedStorage: settings.size.disk,
      maxAllocatedStorage: settings.size.diskMost, storageEncrypted: true, storageEncryptionKey: key,
      backupRetention: Duration.days(settings.size.backupDays), copyTagsToSnapshot: true,
      preferredBackupWindow: "02:00-03:00", preferredMaintenanceWindow: "tue:03:30-tue:04:30",
      deletionProtection: true, removalPolicy: RemovalPolicy.SNAPSHOT, autoMinorVersionUpgrade: true,
      monitoringInterval: Duration.seconds(60), enablePerformanceInsights: true,
      performanceInsightEncryptionKey: key, cloudwatchLogsExports: ["postgresql"],
      cloudwatchLogsRetention: logs.RetentionDays.ONE_MONTH, caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      iamAuthentication: true,
    });
    database.addRotationSingleUser({
      automaticallyAfter: Duration.days(30), vpcSubnets: { subnetGroupName: "server" },
      securityGroup: this.#unchanged(network.groups.rotation),
    });
    return database;
  }

  /** A group to which no construct adds rules: who may connect to whom is in network.ts. */
  #unchanged(group: ec2.ISecurityGroup): ec2.ISecurityGroup {
    return ec2.SecurityGroup.fromSecurityGroupId(this, `${group.node.id}Group`, group.securityGroupId,
      { mutable: false });
  }

  #valkey(settings: Settings, network: Network, key: kms.IKey, authToken: string): elasticache.CfnReplicationGroup {
    const subnets = new elasticache.CfnSubnetGroup(this, "CacheSubnets", {
      description: "Where Valkey is",
      subnetIds: network.vpc.selectSubnets({ subnetGroupName: "data" }).subnetIds,
    });
    return new elasticache.CfnReplicationGroup(this, "Cache", {
      replicationGroupDescription: "Hints, limits and cached answers; nothing that must be kept",
      engine: "valkey", engineVersion: "8.0", cacheNodeType: settings.size.cache, port: CACHE_PORT,
      numNodeGroups: 1, replicasPerNodeGroup: 1, automaticFailoverEnabled: true, multiAzEnabled: true,
      cacheSubnetGroupName: subnets.ref, securityGroupIds: [network.groups.cache.securityGroupId],
      atRestEncryptionEnabled: true, kmsKeyId: key.keyArn,
      transitEncryptionEnabled: true, transitEncryptionMode: "required", authToken,
      autoMinorVersionUpgrade: true,
    });
  }
}
