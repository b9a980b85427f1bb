import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as backup from "aws-cdk-lib/aws-backup";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Data } from "./data.js";
import type { Media } from "./media.js";
import type { Settings } from "./settings.js";

/**
 * The vault of the other region. Nothing in it can be deleted for a week, by nobody: three days after it
 * was made, nobody can take its lock away.
 */
export class CopyVault extends Stack {
  readonly vault: backup.BackupVault;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    this.vault = new backup.BackupVault(this, "Vault", {
      backupVaultName: "sebez-copies",
      encryptionKey: new kms.Key(this, "Key", { enableKeyRotation: true }),
      lockConfiguration: { minRetention: Duration.days(7), changeableFor: Duration.days(3) },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

interface Props extends StackProps {
  settings: Settings;
  data: Data;
  media: Media;
  copies: backup.IBackupVault;
  key: kms.IKey;
}

/**
 * Every moment of the database and of the bucket for the days of the size, by Amazon's continuous
 * backups; each day a copy in another region, each month one that is kept for a year.
 */
export class Backups extends Stack {
  constructor(scope: Construct, id: string, { settings, data, media, copies, key, ...props }: Props) {
    super(scope, id, props);
    const vault = new backup.BackupVault(this, "Vault", {
      encryptionKey: key, lockConfiguration: { minRetention: Duration.days(7) },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const plan = new backup.BackupPlan(this, "Plan", { backupVault: vault });
    plan.addRule(new backup.BackupPlanRule({
      ruleName: "every-moment", enableContinuousBackup: true,
      deleteAfter: Duration.days(settings.size.backupDays),
      scheduleExpression: events.Schedule.cron({ hour: "3", minute: "0" }),
    }));
    plan.addRule(new backup.BackupPlanRule({
      ruleName: "elsewhere", deleteAfter: Duration.days(settings.size.backupDays),
      scheduleExpression: events.Schedule.cron({ hour: "4", minute: "0" }),
      copyActions: [{ destinationBackupVault: copies, deleteAfter: Duration.days(90) }],
    }));
    plan.addRule(new backup.BackupPlanRule({
      ruleName: "monthly", deleteAfter: Duration.days(365),
      scheduleExpression: events.Schedule.cron({ hour: "5", minute: "0", day: "1" }),
    }));
    const role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("backup.amazonaws.com"),
      managedPolicies: ["service-role/AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForS3Backup"].map((name) =>
        iam.ManagedPolicy.fromAwsManagedPolicyName(name)),
    });
    plan.addSelection("What", {
      role, disableDefaultBackupPolicy: true,
      resources: [backup.BackupResource.fromRdsDatabaseInstance(data.database),
        backup.BackupResource.fromArn(media.bucket.bucketArn)],
    });
  }
}
