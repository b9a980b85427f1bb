/** What the templates must have, whatever else changes in them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import type { Stack } from "aws-cdk-lib";
import { marketplace } from "../src/marketplace.js";
import { SIZES } from "../src/sizes.js";

const GIVEN = {
  account: "111122223333", region: "eu-central-1", copyRegion: "eu-west-1", domain: "shop.example.com",
  zoneName: "example.com", zoneId: "Z0123456789", alarms: "you@example.com", version: "1", budget: "500",
  github: "me/shop", origins: "https://www.example.com",
};

function templates(given: Record<string, string> = {}): Record<string, Template> {
  const context = JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8")).context;
  const app = new App({ context: { ...context, ...GIVEN, ...given } });
  marketplace(app);
  return Object.fromEntries(app.node.children.filter((child) => child.node.id.startsWith("Sebez-"))
    .map((child) => [child.node.id.slice("Sebez-".length), Template.fromStack(child as Stack)]));
}

const shop = templates();
const of = (name: string): Template => {
  assert.ok(shop[name], name);
  return shop[name];
};
const document = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8"));

for (const size of Object.keys(SIZES))
  test(`the size ${size} is made`, () => {
    const { database, tasks } = SIZES[size as keyof typeof SIZES];
    const made = templates({ size });
    made.Data!.hasResourceProperties("AWS::RDS::DBInstance", { DBInstanceClass: `db.${database}` });
    made.Server!.hasResourceProperties("AWS::ECS::Service", { DesiredCount: tasks.least });
  });

test("settings that are wrong are refused by their names", () => {
  for (const [name, value] of Object.entries({
    size: "village", account: "1", region: "Frankfurt", copyRegion: GIVEN.region, domain: "shop.example.org",
    alarms: "me", budget: "much", github: "shop", origins: "www.example.com", zoneId: "",
  }))
    assert.throws(() => templates({ [name]: value }), new RegExp(name), name);
});

test("the database is in two zones, encrypted, closed, and not easily deleted", () => {
  of("Data").hasResource("AWS::RDS::DBInstance", {
    DeletionPolicy: "Snapshot",
    Properties: Match.objectLike({
      MultiAZ: true, StorageEncrypted: true, PubliclyAccessible: false, DeletionProtection: true,
      BackupRetentionPeriod: 14, KmsKeyId: Match.anyValue(),
    }),
  });
  of("Data").hasResourceProperties("AWS::RDS::DBParameterGroup", {
    Parameters: Match.objectLike({ "rds.force_ssl": "1" }),
  });
  of("Data").resourceCountIs("AWS::SecretsManager::RotationSchedule", 1);
});

test("Valkey asks for TLS and a password, and is encrypted where it is kept", () => {
  of("Data").hasResourceProperties("AWS::ElastiCache::ReplicationGroup", {
    Engine: "valkey", TransitEncryptionEnabled: true, TransitEncryptionMode: "required",
    AtRestEncryptionEnabled: true, AutomaticFailoverEnabled: true, MultiAZEnabled: true,
    AuthToken: Match.anyValue(),
  });
});

test("only the balancer is reached from outside, on 80 and 443; data is reached by the server only", () => {
  const open = Object.entries(of("Network").findResources("AWS::EC2::SecurityGroup"))
    .filter(([, { Properties }]) => JSON.stringify(Properties.SecurityGroupIngress ?? "").includes("0.0.0.0/0"));
  assert.equal(open.length, 1);
  assert.deepEqual(open[0]![1].Properties.SecurityGroupIngress.map((rule: { FromPort: number }) => rule.FromPort),
    [80, 443]);
  for (const name of Object.keys(shop))
    for (const { Properties } of Object.values(of(name).findResources("AWS::EC2::SecurityGroupIngress")))
      assert.ok(Properties.SourceSecurityGroupId, `a rule of ${name} has no group as its source`);
  of("Network").resourceCountIs("AWS::EC2::FlowLog", 1);
});

test("the balancer speaks TLS 1.2 and 1.3 only, and waits longer than a poll", () => {
  of("Server").hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
    Port: 443, SslPolicy: Match.stringLikeRegexp("TLS13-1-2-Res"),
  });
  of("Server").hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
    Port: 80, DefaultActions: [Match.objectLike({ Type: "redirect" })],
  });
  of("Server").hasResourceProperties("AWS::ElasticLoadBalancingV2::LoadBalancer", {
    LoadBalancerAttributes: Match.arrayWith([{ Key: "idle_timeout.timeout_seconds", Value: "120" }]),
  });
});

test("tasks write nothing, are no root, and get secrets from Secrets Manager", () => {
  const [task] = Object.values(of("Server").findResources("AWS::ECS::TaskDefinition"));
  for (const container of task!.Properties.ContainerDefinitions) {
    assert.equal(container.ReadonlyRootFilesystem, true);
    assert.equal(container.User, "10001:10001");
    for (const { Name } of container.Environment ?? [])
      assert.doesNotMatch(Name, /SECRET|PASSWORD|KEY|SMTP_URL|REDIS_URL/);
  }
  const server = task!.Properties.ContainerDefinitions.find((each: { Name: string }) => each.Name === "sebez");
  assert.deepEqual(server.Secrets.map((each: { Name: string }) => each.Name).sort(),
    ["PGPASSWORD", "REDIS_URL", "SEBEZ_SECRET", "SEBEZ_SMTP_URL"]);
  const url = JSON.stringify(server.Environment.find((each: { Name: string }) => each.Name === "DATABASE_URL"));
  assert.match(url, /sslmode=verify-full/);
});

test("a new version takes over before the old one ends, and is taken back when it does not start", () => {
  of("Server").hasResourceProperties("AWS::ECS::Service", {
    DeploymentConfiguration: Match.objectLike({
      MinimumHealthyPercent: 100, MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    }),
  });
});

test("tasks may do with the bucket what the document of rights says", () => {
  const actions = (statements: { Action: string | string[] }[]) =>
    statements.map(({ Action }) => [Action].flat().sort()).sort();
  const [policy] = Object.entries(of("Server").findResources("AWS::IAM::Policy"))
    .filter(([name]) => name.startsWith("Files")).map(([, found]) => found);
  assert.deepEqual(actions(policy!.Properties.PolicyDocument.Statement),
    actions(document("iam-policy.json").Statement));
});

test("buckets are closed, and only public pictures of the files are read by the distribution", () => {
  for (const { Properties } of Object.values(of("Media").findResources("AWS::S3::Bucket"))) {
    assert.deepEqual(new Set(Object.values(Properties.PublicAccessBlockConfiguration)), new Set([true]));
    assert.ok(Properties.BucketEncryption);
  }
  of("Media").hasResourceProperties("AWS::S3::Bucket", { VersioningConfiguration: { Status: "Enabled" } });
  const readers = Object.values(of("Media").findResources("AWS::S3::BucketPolicy"))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter((statement) => statement.Principal?.Service === "cloudfront.amazonaws.com");
  assert.equal(readers.length, 1);
  assert.match(JSON.stringify(readers[0].Resource), /\/public\/\*/);
  assert.ok(readers[0].Condition.StringEquals["AWS:SourceArn"]);
});

test("what crashes leave in the bucket expires as the document of lifecycles says", () => {
  const [files] = Object.entries(of("Media").findResources("AWS::S3::Bucket"))
    .filter(([name]) => name.startsWith("Files")).map(([, found]) => found);
  const rules = files!.Properties.LifecycleConfiguration.Rules;
  for (const { ID, Expiration, AbortIncompleteMultipartUpload } of document("lifecycle.json").Rules) {
    const rule = rules.find((each: { Id: string }) => each.Id === ID);
    assert.ok(rule, ID);
    assert.equal(rule.ExpirationInDays, Expiration?.Days);
    assert.deepEqual(rule.AbortIncompleteMultipartUpload, AbortIncompleteMultipartUpload);
  }
});

test("the firewall refuses no long text and no markup", () => {
  const [rules] = Object.values(of("Guard").findResources("AWS::WAFv2::WebACL"));
  const common = rules!.Properties.Rules.find(({ Name }: { Name: string }) => Name.endsWith("CommonRuleSet"));
  assert.deepEqual(common.Statement.ManagedRuleGroupStatement.RuleActionOverrides.map(
    ({ Name }: { Name: string }) => Name), ["SizeRestrictions_BODY", "CrossSiteScripting_BODY"]);
});

test("every moment can be restored, and copies in another region can not be deleted at once", () => {
  of("Backups").hasResourceProperties("AWS::Backup::BackupPlan", {
    BackupPlan: { BackupPlanRule: Match.arrayWith([
      Match.objectLike({ RuleName: "every-moment", EnableContinuousBackup: true }),
      Match.objectLike({ RuleName: "elsewhere", CopyActions: [Match.anyValue()] }),
    ]) },
  });
  of("Copies").hasResourceProperties("AWS::Backup::BackupVault",
    { LockConfiguration: { MinRetentionDays: 7, ChangeableForDays: 3 } });
});

test("each alarm tells somebody, and names a section that is there", () => {
  const alarms = Object.values(of("Watch").findResources("AWS::CloudWatch::Alarm"));
  assert.ok(alarms.length >= 12);
  const pages = ["../../../README.md", "../../../../../docs/OPERATIONS.md"]
    .map((page) => readFileSync(new URL(page, import.meta.url), "utf8")).join("\n");
  for (const { Properties } of alarms) {
    assert.equal(Properties.AlarmActions.length, 1);
    const [, section] = /^See (\w+) in/.exec(Properties.AlarmDescription)!;
    assert.match(pages, new RegExp(`^##+ ${section}$`, "m"));
  }
});

test("only the branch main of the repository may deploy, and none where none is named", () => {
  of("Deployer").hasResourceProperties("AWS::IAM::Role", {
    AssumeRolePolicyDocument: Match.objectLike({ Statement: [Match.objectLike({
      Condition: { StringEquals: Match.objectLike({
        "token.actions.githubusercontent.com:sub": "repo:me/shop:ref:refs/heads/main",
      }) },
    })] }),
  });
  assert.equal(templates({ github: "none" }).Deployer, undefined);
});
