import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { Context } from 'koa'
import { securityHeaders } from './security-headers.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** By `Accept-Encoding`, the smallest first. */
const packings = [
  { encoding: 'br', suffix: '.br' },
  { encoding: 'gzip', suffix: '.gz' },
] as const

const NONCE = /__NONCE__/g

/** The built pages: exactly the files that were there at the start, so that no path leads anywhere else. */
export class WebFiles {
  readonly #root: string
  readonly #paths: ReadonlySet<string>
  readonly #page: string | undefined

  constructor(root: string) {
    this.#root = root
    const entries = existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : []
    const files = entries.filter((entry) => entry.isFile())
    this.#paths = new Set(
      files.map((file) => `/${relative(root, join(file.parentPath, file.name)).split(sep).join('/')}`),
    )
    this.#page = this.#paths.has('/index.html') ? readFileSync(join(root, 'index.html'), 'utf8') : undefined
  }

  /** Answers a file, by its path; false where there is none. Names under `/assets/` change with their content. */
  async answerFile(context: Context): Promise<boolean> {
    const { path } = context
    const type = types[extname(path)]
    if (type === undefined || !this.#paths.has(path)) return false
    context.set('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    context.vary('Accept-Encoding')
    const packing = packings.find(
      ({ encoding, suffix }) => this.#paths.has(`${path}${suffix}`) && context.acceptsEncodings(encoding) === encoding,
    )
    if (packing) context.set('Content-Encoding', packing.encoding)
    context.type = type
    context.body = await readFile(join(this.#root, `${path}${packing?.suffix ?? ''}`))
    return true
  }

  /** Answers the page that every view of the application begins with. */
  answerPage(context: Context): void {
    context.vary('Accept')
    if (this.#page === undefined) {
      context.status = 503
      context.type = 'text/plain; charset=utf-8'
      context.body = 'The pages are not built: run npm run build, then start the gateway anew.\n'
      return
    }
    const nonce = randomBytes(16).toString('base64')
    context.set({ ...securityHeaders(nonce), 'Cache-Control': 'no-store' })
    context.type = 'text/html; charset=utf-8'
    context.body = this.#page.replace(NONCE, nonce)
  }
}
