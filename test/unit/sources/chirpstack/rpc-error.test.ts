import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { isRetryable } from '../../../../src/core/errors.ts'
import { rpcError } from '../../../../src/sources/chirpstack/rpc-error.ts'

describe('a call that ends', () => {
  it.each([
    [status.UNAUTHENTICATED, 'ACCESS_DENIED', false],
    [status.PERMISSION_DENIED, 'ACCESS_DENIED', false],
    [status.INVALID_ARGUMENT, 'REQUEST_REFUSED', false],
    [status.NOT_FOUND, 'REQUEST_REFUSED', false],
    [status.DEADLINE_EXCEEDED, 'TIMEOUT', true],
    [status.UNAVAILABLE, 'CONNECTION_LOST', true],
    [status.CANCELLED, 'CONNECTION_LOST', true],
    [status.RESOURCE_EXHAUSTED, 'CONNECTION_LOST', true],
    [status.OK, 'CONNECTION_LOST', true],
    [status.INTERNAL, 'PROTOCOL_VIOLATION', true],
    [status.UNKNOWN, 'PROTOCOL_VIOLATION', true],
    [status.UNIMPLEMENTED, 'PROTOCOL_VIOLATION', true],
    [99 as status, 'PROTOCOL_VIOLATION', true],
  ])('with status %i is %s', (code, expected, retryable) => {
    const error = rpcError('DeviceService.List at 10.0.0.5:8080', { code, details: 'what the server said' })
    expect(error.code).toBe(expected)
    expect(isRetryable(error)).toBe(retryable)
    expect(error.message).toMatch(/^DeviceService\.List at 10\.0\.0\.5:8080 .*: what the server said \(/)
  })

  it('without a text leaves no dangling colon', () => {
    expect(rpcError('A call', { code: status.UNAUTHENTICATED, details: '' }).message).toBe(
      'A call was refused (ACCESS_DENIED)',
    )
  })
})
