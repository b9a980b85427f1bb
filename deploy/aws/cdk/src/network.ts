import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { Settings } from "./settings.js";

export const DATABASE_PORT = 5433; // not the one that everybody tries
export const CACHE_PORT = 6380;
export const SERVER_PORT = 8080;

interface Props extends StackProps {
  settings: Settings;
  key: kms.IKey;
}

/**
 * Three zones, each with a public subnet (the balancer and the gateways), a private one (the server,
 * which reaches the internet through a gateway) and an isolated one (what keeps data, which reaches
 * nothing). Who may connect to whom is here, whole.
 */
export class Network extends Stack {
  readonly vpc: ec2.Vpc;
  readonly groups: Record<"balancer" | "server" | "rotation" | "database" | "cache", ec2.SecurityGroup>;

  readonly #zones: string[];

  constructor(scope: Construct, id: string, { settings, key, ...props }: Props) {
    super(scope, id, props);
    this.#zones = settings.zones;
    const flows = new logs.LogGroup(this, "Flows", {
      encryptionKey: key, retention: logs.RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc = new ec2.Vpc(this, "Vpc", {
      maxAzs: settings.zones.length,
      natGateways: settings.size.gateways,
      restrictDefaultSecurityGroup: true,
      subnetConfiguration: [
        { name: "public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: "server", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
        { name: "data", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      flowLogs: { all: { destination: ec2.FlowLogDestination.toCloudWatchLogs(flows) } },
      // What the server stores in the bucket does not pass, and pay, the gateways.
      gatewayEndpoints: { files: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    this.groups = {
      balancer: this.#group("Balancer", "The balancer, open to everybody", false),
      server: this.#group("Server", "The server, which calls providers of push, mail and payments", true),
      rotation: this.#group("Rotation", "Gives the login of the database a new password", true),
      database: this.#group("Database", "PostgreSQL, for the server", false),
      cache: this.#group("Cache", "Valkey, for the server", false),
    };
    this.#allow();
  }

  /** As the settings say, so that nobody is asked. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  #group(id: string, description: string, allowAllOutbound: boolean): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound });
  }

  #allow(): void {
    const { balancer, server, rotation, database, cache } = this.groups;
    for (const port of [80, 443])
      balancer.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), "customers");
    balancer.addEgressRule(server, ec2.Port.tcp(SERVER_PORT), "requests");
    server.addIngressRule(balancer, ec2.Port.tcp(SERVER_PORT), "requests");
    database.addIngressRule(server, ec2.Port.tcp(DATABASE_PORT), "statements");
    database.addIngressRule(rotation, ec2.Port.tcp(DATABASE_PORT), "a new password");
    cache.addIngressRule(server, ec2.Port.tcp(CACHE_PORT), "hints, limits and cached answers");
  }
}
