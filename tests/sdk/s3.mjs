// What @aws-sdk/client-s3 makes of a call, for harness/sdk.py: a JSON object on a line of standard
// input, one on a line of standard output.
//
//   what     link: presigned; request: signed but not sent; call: sent
//   client   endpoint, region, key, secret, token
//   command  of client-s3, with its input; body: the input's, in base64
//   link     expires_s, at (ISO 8601), signed: names of headers beside host
import { createInterface } from "node:readline";
import * as s3 from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

class NotSent extends Error {
  constructor(request) {
    super("not sent");
    this.request = request;
  }
}

// Takes the request that would be sent.
const keeper = {
  handle: async (request) => {
    throw new NotSent(request);
  },
};

function open({ endpoint, region, key, secret, token }, more = {}) {
  return new s3.S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: key, secretAccessKey: secret, sessionToken: token },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    ...more,
  });
}

const DOES = {
  async link(client, command, asked) {
    const url = await getSignedUrl(open(client), command, {
      expiresIn: asked.expires_s,
      signingDate: asked.at === undefined ? new Date() : new Date(asked.at),
      signableHeaders: new Set(["host", ...asked.signed]),
    });
    return { url };
  },

  async request(client, command) {
    try {
      await open(client, { requestHandler: keeper }).send(command);
    } catch (error) {
      if (!(error instanceof NotSent)) throw error;
      const { method, path, query, headers } = error.request;
      return { method, path, query, headers };
    }
    throw new Error("it was answered");
  },

  async call(client, command) {
    try {
      const answer = await open(client).send(command);
      const body = answer.Body && Buffer.from(await answer.Body.transformToByteArray());
      return {
        status: answer.$metadata.httpStatusCode,
        body: body?.toString("base64"),
        type: answer.ContentType,
        bytes: answer.ContentLength,
        keys: answer.Contents?.map((entry) => entry.Key),
      };
    } catch (error) {
      if (error.$metadata?.httpStatusCode === undefined) throw error;
      return { status: error.$metadata.httpStatusCode, code: error.name };
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const input = { ...asked.input };
  if (asked.body !== undefined) input.Body = Buffer.from(asked.body, "base64");
  const command = new s3[`${asked.command}Command`](input);
  console.log(JSON.stringify(await DOES[asked.what](asked.client, command, asked)));
}
