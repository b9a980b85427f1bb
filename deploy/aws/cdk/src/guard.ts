import { Stack, type StackProps } from "aws-cdk-lib";
import * as wafv2 from "aws-cdk-lib/aws-wafv2";
import type * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type { Construct } from "constructs";

/** Requests of one address within five minutes; the server's own limits are finer. */
const REQUESTS_MAX = 10_000;

interface Props extends StackProps {
  balancer: elb.IApplicationLoadBalancer;
}

function visible(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true };
}

/** Amazon's rule groups, in this order, less the rules that would refuse what the server takes. */
const GROUPS = [
  { name: "AWSManagedRulesAmazonIpReputationList", except: [] },
  // Products and messages are longer than 8 KB; people write code and markup in them.
  { name: "AWSManagedRulesCommonRuleSet", except: ["SizeRestrictions_BODY", "CrossSiteScripting_BODY"] },
  { name: "AWSManagedRulesKnownBadInputsRuleSet", except: [] },
];

/** The web application firewall before the balancer. */
export class Guard extends Stack {
  constructor(scope: Construct, id: string, { balancer, ...props }: Props) {
    super(scope, id, props);
    const groups = GROUPS.map(({ name, except }, at): wafv2.CfnWebACL.RuleProperty => ({
      name, priority: at + 1, overrideAction: { none: {} }, visibilityConfig: visible(name),
      statement: { managedRuleGroupStatement: {
        vendorName: "AWS", name,
        ruleActionOverrides: except.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      } },
    }));
    const rules = new wafv2.CfnWebACL(this, "Rules", {
      scope: "REGIONAL", defaultAction: { allow: {} }, visibilityConfig: visible("Rules"),
      rules: [{
        name: "Rate", priority: 0, action: { block: { customResponse: { responseCode: 429 } } },
        visibilityConfig: visible("Rate"),
        statement: { rateBasedStatement: { aggregateKeyType: "IP", limit: REQUESTS_MAX } },
      }, ...groups],
    });
    new wafv2.CfnWebACLAssociation(this, "Association", {
      resourceArn: balancer.loadBalancerArn, webAclArn: rules.attrArn,
    });
  }
}
