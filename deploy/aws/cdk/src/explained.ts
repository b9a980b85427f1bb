import { Validations, type App, type Stack } from "aws-cdk-lib";

const MANAGED = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/";
const WILDCARD = "AwsSolutions::AwsSolutions-IAM5[Resource::";

/** Findings of AWS Solutions that stay, by stack, and why. */
const EXPLAINED: Record<string, [id: string, reason: string][]> = {
  "Sebez-Network": [
    ["AwsSolutions::AwsSolutions-EC23", "The balancer is for everybody, on 80 (which redirects) and 443."],
    ["CloudFormation-Validate::W3010", "The settings name the zones, so that the templates are made without asking Amazon."],
  ],
  "Sebez-Data": [
    [`${MANAGED}service-role/AmazonRDSEnhancedMonitoringRole]`, "What RDS writes its figures with."],
    [`${MANAGED}service-role/AWSLambdaBasicExecutionRole]`, "What the CDK's function that sets the retention of RDS's log writes its own log with."],
    [`${WILDCARD}*]`, "That function: the log group does not exist before the database."],
    ["AwsSolutions::AwsSolutions-SMG4", "SEBEZ_SECRET is changed with an overlap (docs/OPERATIONS.md, Secrets); the owner's secrets are changed where they come from; Valkey's password with its group. The database's is rotated."],
  ],
  "Sebez-Media": [
    ["AwsSolutions::AwsSolutions-CFR1", "A shop's pictures are for every country."],
    ["AwsSolutions::AwsSolutions-CFR2", "The distribution serves unchanging public files of a bucket, by GET and HEAD only."],
  ],
  "Sebez-Server": [
    ["AwsSolutions::AwsSolutions-ECS2", "What is in the environment is no secret; secrets come from Secrets Manager."],
    [`${WILDCARD}*]`, "ecr:GetAuthorizationToken has no resource."],
    ...["incoming", "private", "public"].map((prefix): [string, string] =>
      [`${WILDCARD}Sebez-Media:ExportsOutputFnGetAttFiles8E6940B8ArnD8EE6C03/${prefix}/*]`,
        "The server's objects below this prefix; ../iam-policy.json."]),
  ],
  "Sebez-Backups": [
    ...["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"].map(
      (name): [string, string] => [
        `${MANAGED}${name.includes("S3") ? "" : "service-role/"}${name}]`, "What AWS Backup asks for."]),
  ],
  "Sebez-Deployer": [
    [`${WILDCARD}*]`, "ecr:GetAuthorizationToken has no resource."],
  ],
};

export function explain(app: App, account: string): void {
  for (const child of app.node.children) {
    const found = EXPLAINED[child.node.id] ?? [];
    Validations.of(child as Stack).acknowledge(...found.map(([id, reason]) => ({ id, reason })));
    if (child.node.id === "Sebez-Deployer")
      for (const role of ["deploy", "file-publishing", "lookup"])
        Validations.of(child as Stack).acknowledge({
          id: `${WILDCARD}arn:aws:iam::${account}:role/cdk-hnb659fds-${role}-role-${account}-*]`,
          reason: "The roles of `cdk bootstrap`, of each region that the stacks are in.",
        });
  }
}
