import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as acm from "aws-cdk-lib/aws-certificatemanager";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import * as origins from "aws-cdk-lib/aws-cloudfront-origins";
import * as iam from "aws-cdk-lib/aws-iam";
import * as route53 from "aws-cdk-lib/aws-route53";
import { CloudFrontTarget } from "aws-cdk-lib/aws-route53-targets";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Settings } from "./settings.js";

interface Props extends StackProps {
  settings: Settings;
  zone: route53.IHostedZone;
  /** For the name of the distribution; from us-east-1, as CloudFront asks. */
  certificate: acm.ICertificate;
}

/**
 * The bucket of images and files, and the distribution that serves what is public of it: only that.
 * Private files are read and sent by links that the server signs.
 */
export class Media extends Stack {
  readonly bucket: s3.Bucket;
  readonly url: string;
  readonly logs: s3.Bucket;

  constructor(scope: Construct, id: string, { settings, zone, certificate, ...props }: Props) {
    super(scope, id, props);
    const closed = {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL, encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true, minimumTLSVersion: 1.2, removalPolicy: RemovalPolicy.RETAIN,
    };
    this.logs = new s3.Bucket(this, "Logs", {
      ...closed, objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    this.bucket = new s3.Bucket(this, "Files", {
      ...closed, versioned: true, serverAccessLogsBucket: this.logs, serverAccessLogsPrefix: "files/",
      cors: [{
        allowedOrigins: [`https://${settings.domain}`, ...settings.origins],
        allowedMethods: [s3.HttpMethods.PUT, s3.HttpMethods.GET],
        allowedHeaders: ["content-type"], maxAge: 7200,
      }],
      // As in ../lifecycle.json; and what was deleted or replaced is kept for a while.
      lifecycleRules: [
        { id: "parts-that-a-crash-left", prefix: "incoming/", expiration: Duration.days(3) },
        { id: "puts-that-a-crash-left", abortIncompleteMultipartUploadAfter: Duration.days(1) },
        { id: "deleted", noncurrentVersionExpiration: Duration.days(settings.size.backupDays) },
      ],
    });
    const name = `media.${settings.domain}`;
    this.url = `https://${name}`;
    const distribution = this.#distribution(name, certificate);
    for (const Kind of [route53.ARecord, route53.AaaaRecord])
      new Kind(this, Kind.name, {
        zone, recordName: name, target: route53.RecordTarget.fromAlias(new CloudFrontTarget(distribution)),
      });
  }

  #distribution(name: string, certificate: acm.ICertificate): cloudfront.Distribution {
    const access = new cloudfront.S3OriginAccessControl(this, "Access");
    const distribution = new cloudfront.Distribution(this, "Public", {
      domainNames: [name], certificate,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      logBucket: this.logs, logFilePrefix: "media/",
      defaultBehavior: {
        // Grants nothing by itself: withOriginAccessControl() would open the whole bucket.
        origin: origins.S3BucketOrigin.withBucketDefaults(this.bucket, {
          originPath: "/public", originAccessControlId: access.originAccessControlId,
        }),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD, compress: false,
        responseHeadersPolicy: cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
      },
    });
    this.bucket.addToResourcePolicy(new iam.PolicyStatement({
      sid: "PublicPicturesForTheDistribution",
      principals: [new iam.ServicePrincipal("cloudfront.amazonaws.com")],
      actions: ["s3:GetObject"], resources: [this.bucket.arnForObjects("public/*")],
      conditions: { StringEquals: { "AWS:SourceArn": distribution.distributionArn } },
    }));
    return distribution;
  }
}

/** The certificate of the distribution: CloudFront takes only those of us-east-1. */
export class MediaCertificate extends Stack {
  readonly certificate: acm.Certificate;

  constructor(scope: Construct, id: string,
      { settings, zone, ...props }: Omit<Props, "certificate">) {
    super(scope, id, props);
    this.certificate = new acm.Certificate(this, "Certificate", {
      domainName: `media.${settings.domain}`,
      validation: acm.CertificateValidation.fromDns(zone),
    });
  }
}
