import type { Context } from 'koa'
import type { CommandCall } from './command-routes.ts'

const LONGEST_BODY = 65_536

/** What a request over HTTP asks of commands. */
export function commandCall(context: Context): CommandCall {
  const { method, path, req } = context
  return {
    method: method === 'HEAD' ? 'GET' : method,
    path,
    query: context.URL.searchParams,
    asker: {
      address: req.socket.remoteAddress,
      fetchSite: context.get('Sec-Fetch-Site') || undefined,
      host: context.get('Host') || undefined,
      client: context.get('User-Agent') || undefined,
      contentType: context.get('Content-Type') || undefined,
    },
    body: async () => {
      const text = await textOf(req)
      // What is left of a longer one is not read, so nothing can come after it.
      if (text === undefined) context.set('Connection', 'close')
      return text
    },
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LONGEST_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
