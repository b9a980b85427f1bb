import type { CreateUploadInput, Upload, UploadTarget } from "./api.gen.ts";
import type { Sebez } from "./client.ts";
import { NoAnswer, problemOf } from "./problem.ts";
import { backOffMs, pause, within } from "./time.ts";

export interface UploadOptions {
  signal?: AbortSignal;
  /** Bytes that the server has, of all. */
  onProgress?: (sent: number, all: number) => void;
  /** An upload that was interrupted goes on; only the parts that are missing are sent. */
  resume?: string;
}

const ATTEMPTS = 5;
/** Of a part: 8 MiB at 14 KB/s. */
const PART_MS = 10 * 60 * 1000;

/** The pieces that are still to be sent. */
function piecesOf(target: UploadTarget, bytes: number): { url: string; offset: number; bytes: number }[] {
  if (target.parts === null) return target.url ? [{ url: target.url, offset: 0, bytes }] : [];
  return target.parts.filter((part) => !part.received);
}

async function put(client: Sebez, url: string, headers: Record<string, string>, piece: Blob,
    signal?: AbortSignal): Promise<void> {
  const send = client.options.fetch ?? fetch;
  const whole = url.startsWith("/") ? client.options.url + url : url;
  for (let attempt = 1; ; attempt++) {
    const limit = within(PART_MS, signal);
    try {
      const response = await send(whole, { method: "PUT", headers, body: piece, signal: limit.signal });
      if (response.ok) return;
      const problem = problemOf(response, await response.text());
      if (problem.status < 500 || attempt >= ATTEMPTS) throw problem;
      await pause(problem.retryAfterMs ?? backOffMs(attempt), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if ((error as { status?: number }).status !== undefined) throw error;
      if (attempt >= ATTEMPTS) throw new NoAnswer(error);
      await pause(backOffMs(attempt), signal);
    } finally {
      limit.end();
    }
  }
}

/**
 * Sends a file, in parts when it is large, and waits until it can be used: its state is "ready", or
 * "failed" with the reason.
 */
export async function upload(client: Sebez, file: Blob, about: Omit<CreateUploadInput, "bytes">,
    options: UploadOptions = {}): Promise<Upload> {
  const { signal } = options;
  const call = { signal };
  let made: Upload = options.resume ? await client.getUpload({ upload_id: options.resume }, call)
    : await client.createUpload({ ...about, bytes: file.size }, call);
  if (made.upload) {
    const pieces = piecesOf(made.upload, file.size);
    let sent = file.size - pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    for (const piece of pieces) {
      await put(client, piece.url, made.upload.headers,
        file.slice(piece.offset, piece.offset + piece.bytes), signal);
      sent += piece.bytes;
      options.onProgress?.(sent, file.size);
    }
    made = await client.completeUpload({ upload_id: made.id }, call);
  }
  for (let wait = 200; made.state === "processing" || made.state === "waiting";
      wait = Math.min(wait * 1.5, 3000)) {
    await pause(wait, signal);
    made = await client.getUpload({ upload_id: made.id }, call);
  }
  return made;
}
