import { App, RemovalPolicy, Stack, Tags, Validations, type StackProps } from "aws-cdk-lib";
import * as ecr from "aws-cdk-lib/aws-ecr";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as route53 from "aws-cdk-lib/aws-route53";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Construct } from "constructs";
import { Backups, CopyVault } from "./backups.js";
import { Data } from "./data.js";
import { Deployer } from "./deployer.js";
import { explain } from "./explained.js";
import { Guard } from "./guard.js";
import { Mail } from "./mail.js";
import { Media, MediaCertificate } from "./media.js";
import { Network } from "./network.js";
import { Server } from "./server.js";
import { settingsOf, type Settings } from "./settings.js";
import { Watch } from "./watch.js";

/** What is there before all else: the key of all data, and the images of the server. */
class Base extends Stack {
  readonly key: kms.Key;
  readonly repository: ecr.Repository;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    this.key = new kms.Key(this, "Key", {
      alias: "sebez", enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN,
    });
    this.key.grantEncryptDecrypt(new iam.ServicePrincipal(`logs.${this.region}.amazonaws.com`, {
      conditions: { ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${this.region}:${this.account}:*`,
      } },
    }));
    this.key.grantEncryptDecrypt(new iam.ServicePrincipal("cloudwatch.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": this.account } },
    }));
    this.repository = new ecr.Repository(this, "Images", {
      repositoryName: "sebez", imageScanOnPush: true, imageTagMutability: ecr.TagMutability.IMMUTABLE,
      encryption: ecr.RepositoryEncryption.KMS, encryptionKey: this.key,
      removalPolicy: RemovalPolicy.RETAIN, lifecycleRules: [{ maxImageCount: 50 }],
    });
  }
}

/** The stacks of a marketplace, in the order in which they are made. */
export function marketplace(app: App): Settings {
  const settings = settingsOf(app.node);
  const { account, region, size } = settings;
  const here: StackProps = {
    env: { account, region }, crossRegionReferences: true, terminationProtection: true,
  };
  const inRegion = (name: string): StackProps => ({ ...here, env: { account, region: name } });
  const zoneIn = (stack: Stack) => route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, "Zone",
    { hostedZoneId: settings.zoneId, zoneName: settings.zoneName });

  const base = new Base(app, "Sebez-Base", here);
  const { repository } = base;
  // As one that the other stacks do not change: its policy lets the roles of this account use it.
  const key = kms.Key.fromKeyArn(base, "Shared", base.key.keyArn);
  const zone = zoneIn(base);
  const east = new MediaCertificate(app, "Sebez-MediaCertificate", { ...inRegion("us-east-1"), settings, zone });
  const network = new Network(app, "Sebez-Network", { ...here, settings, key });
  const data = new Data(app, "Sebez-Data", { ...here, settings, network, key });
  const media = new Media(app, "Sebez-Media", { ...here, settings, zone, certificate: east.certificate });
  new Mail(app, "Sebez-Mail", { ...here, zone });
  const server = new Server(app, "Sebez-Server", { ...here, settings, network, data, media, repository, zone, key });
  new Guard(app, "Sebez-Guard", { ...here, balancer: server.balancer });
  const copies = new CopyVault(app, "Sebez-Copies", inRegion(settings.copyRegion));
  new Backups(app, "Sebez-Backups", { ...here, settings, data, media, copies: copies.vault, key });
  new Watch(app, "Sebez-Watch", { ...here, settings, data, server, key });
  if (settings.github)
    new Deployer(app, "Sebez-Deployer", { ...here, github: settings.github, repository });

  Tags.of(app).add("application", "sebez");
  Tags.of(app).add("size", `${size.database} ${size.cpu}`);
  explain(app, account);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return settings;
}
