import type { ServerHttp2Stream } from 'node:http2'

/** What of a call leads to its HTTP/2 stream; grpc-js has no public way. */
interface Inner {
  readonly call?: { readonly stream?: ServerHttp2Stream }
}

function streamOf(call: object): ServerHttp2Stream {
  const stream = (call as Inner).call?.stream
  if (!stream) throw new Error('This version of grpc-js keeps the HTTP/2 stream of a call elsewhere')
  return stream
}

/** Ends a call by RST_STREAM: NGHTTP2_REFUSED_STREAM 7, NGHTTP2_CANCEL 8, NGHTTP2_ENHANCE_YOUR_CALM 11. */
export function resetStream(call: object, errorCode: number): void {
  streamOf(call).close(errorCode)
}

/** Answers a call as a proxy does that knows nothing of gRPC: an HTTP status and no body. */
export function answerHttp(call: object, httpStatus: number): void {
  streamOf(call).respond({ ':status': httpStatus, 'content-type': 'text/html' }, { endStream: true })
}
