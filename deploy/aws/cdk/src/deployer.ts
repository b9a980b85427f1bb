import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type * as ecr from "aws-cdk-lib/aws-ecr";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

const GITHUB = "token.actions.githubusercontent.com";

interface Props extends StackProps {
  /** owner/name; runs on its branch main may deploy. */
  github: string;
  repository: ecr.IRepository;
}

/** The role of the workflow that deploys: no key is kept anywhere. */
export class Deployer extends Stack {
  constructor(scope: Construct, id: string, { github, repository, ...props }: Props) {
    super(scope, id, props);
    const provider = new iam.OidcProviderNative(this, "GitHub", {
      url: `https://${GITHUB}`, clientIds: ["sts.amazonaws.com"],
    });
    const role = new iam.Role(this, "Role", {
      roleName: "sebez-deploy", maxSessionDuration: Duration.hours(1),
      assumedBy: new iam.WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${GITHUB}:aud`]: "sts.amazonaws.com",
          [`${GITHUB}:sub`]: `repo:${github}:ref:refs/heads/main`,
        },
      }),
    });
    repository.grantPullPush(role);
    // What the stacks are made with is the roles that `cdk bootstrap` made.
    role.addToPolicy(new iam.PolicyStatement({
      actions: ["sts:AssumeRole"],
      resources: ["deploy", "file-publishing", "lookup"].map((name) =>
        `arn:aws:iam::${this.account}:role/cdk-hnb659fds-${name}-role-${this.account}-*`),
    }));
  }
}
