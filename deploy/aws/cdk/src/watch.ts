import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import * as budgets from "aws-cdk-lib/aws-budgets";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as rds from "aws-cdk-lib/aws-rds";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Data } from "./data.js";
import type { Server } from "./server.js";
import type { Settings } from "./settings.js";

interface Props extends StackProps {
  settings: Settings;
  data: Data;
  server: Server;
  key: kms.IKey;
}

interface Alarm {
  name: string;
  metric: cloudwatch.IMetric;
  /** Alarms when it is above this; with `below`, below it. */
  limit: number;
  below?: boolean;
  minutes: number;
  /** What to look at: the section of docs/OPERATIONS.md. */
  why: string;
}

const MINUTE = { period: Duration.minutes(1) };
const GIB = 1024 ** 3;

function cacheMetric(data: Data, metricName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "AWS/ElastiCache", metricName, ...MINUTE, statistic: "Maximum",
    dimensionsMap: { ReplicationGroupId: data.cache.ref },
  });
}

function alarmsOf({ settings, data: { database }, data, server }: Props): Alarm[] {
  const { targets, balancer, service } = server;
  const { Metric: _, ...statistic } = { Metric: cloudwatch.Metric, ...MINUTE };
  return [
    { name: "ServerErrors", minutes: 5, limit: 10, why: "SebezObjectiveBurnsFast",
      metric: targets.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, statistic) },
    { name: "NoTask", minutes: 2, limit: 1, below: true, why: "SebezDown",
      metric: targets.metrics.healthyHostCount({ ...statistic, statistic: "Minimum" }) },
    { name: "Slow", minutes: 10, limit: 1, why: "SebezObjectiveBurnsFast",
      metric: targets.metrics.targetResponseTime({ ...statistic, statistic: "p90" }) },
    { name: "Refused", minutes: 5, limit: 10, why: "SebezDown",
      metric: balancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, statistic) },
    { name: "TasksBusy", minutes: 15, limit: 85, why: "Sizes",
      metric: service.metricCpuUtilization(statistic) },
    { name: "TasksMemory", minutes: 10, limit: 85, why: "Sizes",
      metric: service.metricMemoryUtilization(statistic) },
    { name: "DatabaseBusy", minutes: 15, limit: 85, why: "Sizes",
      metric: database.metricCPUUtilization(statistic) },
    { name: "DatabaseDisk", minutes: 5, limit: 0.1 * settings.size.disk * GIB, below: true,
      why: "SebezDiskLow", metric: database.metricFreeStorageSpace(statistic) },
    { name: "DatabaseMemory", minutes: 10, limit: 0.25 * GIB, below: true, why: "Sizes",
      metric: database.metricFreeableMemory(statistic) },
    { name: "DatabaseConnections", minutes: 5, limit: 700, why: "SebezDatabaseQueue",
      metric: database.metricDatabaseConnections(statistic) },
    { name: "CacheBusy", minutes: 15, limit: 85, why: "SebezRedisAway",
      metric: cacheMetric(data, "EngineCPUUtilization") },
    { name: "CacheMemory", minutes: 15, limit: 90, why: "SebezRedisAway",
      metric: cacheMetric(data, "DatabaseMemoryUsagePercentage") },
  ];
}

/** Alarms by mail, a dashboard of the same figures, and a budget. */
export class Watch extends Stack {
  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, props);
    const { settings, data, key } = props;
    const topic = new sns.Topic(this, "Alarms", { masterKey: key, enforceSSL: true });
    topic.addSubscription(new EmailSubscription(settings.alarms));
    const dashboard = new cloudwatch.Dashboard(this, "Dashboard", { dashboardName: "sebez" });
    for (const alarm of alarmsOf(props)) this.#alarm(alarm, topic, dashboard);
    new rds.CfnEventSubscription(this, "DatabaseEvents", {
      snsTopicArn: topic.topicArn, sourceType: "db-instance",
      sourceIds: [data.database.instanceIdentifier],
      eventCategories: ["availability", "failover", "failure", "low storage", "maintenance", "recovery"],
    });
    this.#budget(settings);
  }

  #alarm({ name, metric, limit, below, minutes, why }: Alarm, topic: sns.ITopic,
      dashboard: cloudwatch.Dashboard): void {
    const { ComparisonOperator, TreatMissingData } = cloudwatch;
    const alarm = new cloudwatch.Alarm(this, name, {
      metric, threshold: limit, evaluationPeriods: minutes,
      alarmDescription: `See ${why} in docs/OPERATIONS.md or deploy/aws/README.md`,
      comparisonOperator: below ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    dashboard.addWidgets(new cloudwatch.GraphWidget({
      title: name, left: [metric], leftAnnotations: [alarm.toAnnotation()],
    }));
  }

  #budget({ budget, alarms }: Settings): void {
    new budgets.CfnBudget(this, "Budget", {
      budget: { budgetType: "COST", timeUnit: "MONTHLY", budgetLimit: { amount: budget, unit: "USD" } },
      notificationsWithSubscribers: (["ACTUAL", "FORECASTED"] as const).map((notificationType) => ({
        notification: { notificationType, comparisonOperator: "GREATER_THAN", threshold: 100 },
        subscribers: [{ subscriptionType: "EMAIL", address: alarms }],
      })),
    });
  }
}
