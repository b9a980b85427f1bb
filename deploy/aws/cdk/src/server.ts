import { readFileSync } from "node:fs";
import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as acm from "aws-cdk-lib/aws-certificatemanager";
import type * as ecr from "aws-cdk-lib/aws-ecr";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import * as route53 from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import type { Construct } from "constructs";
import { DATABASE, TUNNEL_PORT, type Data } from "./data.js";
import type { Media } from "./media.js";
import { SERVER_PORT, type Network } from "./network.js";
import type { Settings } from "./settings.js";

/** Longer than a long poll waits. */
const IDLE = Duration.seconds(120);
/** What a task may take to end: longer than SEBEZ_DRAIN_MS. */
const STOP = Duration.seconds(60);
/** Name of the container. */
const SERVER = "sebez";

interface Props extends StackProps {
  settings: Settings;
  network: Network;
  data: Data;
  media: Media;
  repository: ecr.IRepository;
  zone: route53.IHostedZone;
  key: kms.IKey;
}

/** The balancer and the tasks behind it. Every task is a whole server. */
export class Server extends Stack {
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly targets: elb.ApplicationTargetGroup;
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, props);
    const { settings, network } = props;
    const cluster = new ecs.Cluster(this, "Cluster", {
      vpc: network.vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.service = new ecs.FargateService(this, "Service", {
      cluster, taskDefinition: this.#task(props), desiredCount: settings.size.tasks.least,
      securityGroups: [network.groups.server], vpcSubnets: { subnetGroupName: "server" },
      // A new version begins beside the old one, which ends when the new one is ready.
      minHealthyPercent: 100, maxHealthyPercent: 200, circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.seconds(120),
    });
    this.service.autoScaleTaskCount({
      minCapacity: settings.size.tasks.least, maxCapacity: settings.size.tasks.most,
    }).scaleOnCpuUtilization("Cpu", {
      targetUtilizationPercent: 60, scaleInCooldown: Duration.minutes(10),
      scaleOutCooldown: Duration.minutes(1),
    });
    this.balancer = this.#balancer(props);
    this.targets = this.#listen(props);
  }

  #task({ settings, data, media, repository, key }: Props): ecs.FargateTaskDefinition {
    const task = new ecs.FargateTaskDefinition(this, "Task", {
      cpu: settings.size.cpu, memoryLimitMiB: settings.size.memory,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64 },
    });
    const log = new logs.LogGroup(this, "Log", {
      encryptionKey: key, retention: logs.RetentionDays.THREE_MONTHS, removalPolicy: RemovalPolicy.RETAIN,
    });
    const usual = {
      image: ecs.ContainerImage.fromEcrRepository(repository, settings.version),
      readonlyRootFilesystem: true, stopTimeout: STOP, user: "10001:10001",
    };
    const tunnel = task.addContainer("tunnel", {
      ...usual, memoryLimitMiB: 64, entryPoint: ["/usr/libexec/sebez/tls-tunnel"],
      command: [`${TUNNEL_PORT}`, data.cache.attrPrimaryEndPointAddress, data.cache.attrPrimaryEndPointPort],
      logging: ecs.LogDrivers.awsLogs({ logGroup: log, streamPrefix: "tunnel" }),
    });
    const { database } = data;
    const server = task.addContainer(SERVER, {
      ...usual,
      environment: {
        DATABASE_URL: `host=${database.dbInstanceEndpointAddress} port=${database.dbInstanceEndpointPort} `
          + `dbname=${DATABASE} user=${DATABASE} sslmode=verify-full `
          + "sslrootcert=/usr/share/sebez/rds-authorities.pem",
        SEBEZ_BEHIND_PROXY: "yes",
        SEBEZ_PUBLIC_URL: `https://${settings.domain}`,
        SEBEZ_MAIL_FROM: `shop@${settings.zoneName}`,
        SEBEZ_MEDIA_URL: media.url,
        SEBEZ_ORIGINS: settings.origins.join(" "),
        S3_BUCKET: media.bucket.bucketName,
        S3_REGION: settings.region,
      },
      secrets: {
        // libpq takes it where DATABASE_URL has no password.
        PGPASSWORD: ecs.Secret.fromSecretsManager(database.secret!, "password"),
        REDIS_URL: ecs.Secret.fromSecretsManager(data.cacheUrl),
        SEBEZ_SECRET: ecs.Secret.fromSecretsManager(data.secret),
        SEBEZ_SMTP_URL: ecs.Secret.fromSecretsManager(data.owners, "SEBEZ_SMTP_URL"),
      },
      portMappings: [{ containerPort: SERVER_PORT }],
      healthCheck: {
        command: ["CMD", "sebez", "ready"], interval: Duration.seconds(10), timeout: Duration.seconds(6),
        startPeriod: Duration.seconds(60),
      },
      logging: ecs.LogDrivers.awsLogs({ logGroup: log, streamPrefix: "sebez" }),
      ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: 65536, hardLimit: 65536 }],
    });
    server.addContainerDependencies({ container: tunnel, condition: ecs.ContainerDependencyCondition.START });
    this.#allowFiles(task, media);
    return task;
  }

  /** The rights of ../iam-policy.json, which a test holds against what the server does. */
  #allowFiles(task: ecs.FargateTaskDefinition, { bucket }: Media): void {
    const text = readFileSync(new URL("../../../iam-policy.json", import.meta.url), "utf8");
    const policy = iam.PolicyDocument.fromJson(JSON.parse(
      text.replaceAll(/arn:aws:s3:::my-bucket/g, "BUCKET"), (_, value: unknown) =>
        typeof value === "string" ? value.replace("BUCKET", bucket.bucketArn) : value));
    task.taskRole.attachInlinePolicy(new iam.Policy(this, "Files", { document: policy }));
  }

  #balancer({ settings, network, media, zone }: Props): elb.ApplicationLoadBalancer {
    const balancer = new elb.ApplicationLoadBalancer(this, "Balancer", {
      vpc: network.vpc, internetFacing: true, securityGroup: network.groups.balancer,
      vpcSubnets: { subnetGroupName: "public" }, idleTimeout: IDLE, deletionProtection: true,
      dropInvalidHeaderFields: true, desyncMitigationMode: elb.DesyncMitigationMode.STRICTEST,
    });
    balancer.logAccessLogs(media.logs, "balancer");
    balancer.addRedirect({ open: false });
    new route53.ARecord(this, "Name", {
      zone, recordName: settings.domain,
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
    });
    return balancer;
  }

  #listen({ settings, network, zone }: Props): elb.ApplicationTargetGroup {
    const certificate = new acm.Certificate(this, "Certificate", {
      domainName: settings.domain, validation: acm.CertificateValidation.fromDns(zone),
    });
    const targets = new elb.ApplicationTargetGroup(this, "Targets", {
      vpc: network.vpc, port: SERVER_PORT, protocol: elb.ApplicationProtocol.HTTP,
      targets: [this.service.loadBalancerTarget({ containerName: SERVER, containerPort: SERVER_PORT })],
      deregistrationDelay: STOP,
      loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: { path: "/readyz", interval: Duration.seconds(10), healthyThresholdCount: 2,
        unhealthyThresholdCount: 3, timeout: Duration.seconds(6) },
    });
    this.balancer.addListener("Https", {
      port: 443, certificates: [certificate], sslPolicy: elb.SslPolicy.TLS13_12_RES_PQ, open: false,
      defaultTargetGroups: [targets],
    });
    return targets;
  }
}
