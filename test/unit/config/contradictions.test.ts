import { describe, expect, it } from 'vitest'
import { linesOf } from './loading.ts'

describe('settings that are right each by itself', () => {
  it('cannot put both servers on one port', () => {
    expect(linesOf('opcua: { port: 4840 }\nhttp: { port: 4840 }\nsources: []')).toEqual([
      expect.stringContaining('http.port is 4840: The OPC UA server listens at port 4840 already'),
    ])
    expect(linesOf('opcua: { port: 0 }\nhttp: { port: 0 }\nsources: []')).toEqual([])
  })

  it('cannot give one session more than all may have together', () => {
    expect(linesOf('opcua: { limits: { subscriptions: 5, subscriptionsPerSession: 6 } }\nsources: []')).toEqual([
      expect.stringContaining('opcua.limits.subscriptionsPerSession is 6'),
    ])
  })
})
