import { Stack, type StackProps } from "aws-cdk-lib";
import type * as route53 from "aws-cdk-lib/aws-route53";
import * as ses from "aws-cdk-lib/aws-ses";
import type { Construct } from "constructs";

interface Props extends StackProps {
  zone: route53.IPublicHostedZone;
}

/** The domain as a sender of mail: SES signs, and bounces come to a subdomain of its own. */
export class Mail extends Stack {
  constructor(scope: Construct, id: string, { zone, ...props }: Props) {
    super(scope, id, props);
    const configuration = new ses.ConfigurationSet(this, "Configuration", {
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE, reputationMetrics: true,
    });
    new ses.EmailIdentity(this, "Identity", {
      identity: ses.Identity.publicHostedZone(zone), mailFromDomain: `mail.${zone.zoneName}`,
      configurationSet: configuration,
    });
  }
}
