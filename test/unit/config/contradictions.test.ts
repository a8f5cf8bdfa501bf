import { describe, expect, it } from 'vitest'
import { linesOf } from './loading.ts'

describe('settings that are right each by itself', () => {
  it('cannot put both servers on one port', () => {
    expect(linesOf('opcua: { port: 4840 }\nhttp: { port: 4840 }\nsources: []')).toEqual([
      expect.stringContaining('http.port is 4840: The OPC UA server listens at port 4840 already'),
    ])
    expect(linesOf('opcua: { port: 0 }\nhttp: { port: 0 }\nsources: []')).toEqual([])
  })

  it('cannot put gRPC on the port of another server', () => {
    expect(linesOf('http: { port: 8080 }\ngrpc: { port: 8080 }\nsources: []')).toEqual([
      expect.stringContaining('grpc.port is 8080: The HTTP server listens at port 8080 already'),
    ])
    expect(linesOf('http: { port: 0 }\ngrpc: { port: 0 }\nsources: []')).toEqual([])
  })

  it('cannot serve passwords in plain sight by gRPC unless that is said', () => {
    const wrong = [expect.stringContaining('grpc.bind is "0.0.0.0": Other machines reach 0.0.0.0')]
    expect(linesOf('grpc: { port: 50051, bind: 0.0.0.0 }\nsources: []')).toEqual(wrong)
    const tls = 'tls: { certificateFile: cert.pem, keyFile: key.pem }'
    for (const more of ['bind: 127.0.0.1', "bind: '::1'", 'bind: localhost']) {
      expect(linesOf(`grpc: { port: 50051, ${more} }\nsources: []`)).toEqual([])
    }
    expect(linesOf(`grpc: { port: 50051, bind: 0.0.0.0, ${tls} }\nsources: []`)).toEqual([])
    expect(linesOf('grpc: { port: 50051, bind: 0.0.0.0, allowUnencrypted: true }\nsources: []')).toEqual([])
    // It is not served at all.
    expect(linesOf('grpc: { bind: 0.0.0.0 }\nsources: []')).toEqual([])
  })

  it('cannot give one session more than all may have together', () => {
    expect(linesOf('opcua: { limits: { subscriptions: 5, subscriptionsPerSession: 6 } }\nsources: []')).toEqual([
      expect.stringContaining('opcua.limits.subscriptionsPerSession is 6'),
    ])
  })
})
