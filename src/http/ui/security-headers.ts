import type { TLSSocket } from 'node:tls'
import type { Context } from 'koa'
import { isLoopbackHost } from '../../core/loopback.ts'

const A_YEAR_S = 31_536_000

/**
 * HSTS (RFC 6797) where the operator gave a certificate: from then on browsers come by TLS only. Not for a certificate of
 * our own, which may be another after a renewal, and which nobody could then accept; nor for `localhost`, where it would
 * concern every other program of the machine.
 */
export function strictTransport(
  { req, host }: Pick<Context, 'req' | 'host'>,
  { tls }: { readonly tls?: { readonly certificateFile?: string | undefined } | undefined },
): Record<string, string> {
  const isEncrypted = (req.socket as Partial<TLSSocket>).encrypted === true
  if (!isEncrypted || tls?.certificateFile === undefined || isLoopbackHost(host)) return {}
  return { 'Strict-Transport-Security': `max-age=${A_YEAR_S}` }
}

/**
 * What a browser may do with an answer: a page loads only what comes from this gateway, runs no script that stands in
 * the page itself, and is shown in no frame. `nonce`: styles that Mantine makes at run time carry it.
 */
export function securityHeaders(nonce?: string): Record<string, string> {
  const styles = nonce === undefined ? "'self'" : `'self' 'nonce-${nonce}'`
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
}
