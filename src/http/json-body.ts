import type { IncomingMessage } from 'node:http'

/** A configuration of the largest size, as JSON text. */
const MOST_BYTES = 24 * 1024 * 1024

/** What a request carries as JSON; `problem` says in words what is wrong with it. */
export async function jsonBody(
  request: IncomingMessage,
): Promise<{ readonly value: unknown } | { readonly problem: string }> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) return { problem: `The request carries more than ${MOST_BYTES} bytes.` }
    chunks.push(chunk)
  }
  if (bytes === 0) return { value: undefined }
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return { problem: 'The request carries no JSON.' }
  }
}
