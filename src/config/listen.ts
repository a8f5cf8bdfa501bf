import { isIP } from 'node:net'
import { z } from 'zod'
import { explain, wholeNumber } from './fields.ts'

/** Where a server listens. */
export const listenAddress = (description: string, example: string) =>
  explain(
    z.string().refine((address) => isIP(address) !== 0 || address === 'localhost'),
    {
      description: `${description} 0.0.0.0 is every interface, 127.0.0.1 this machine only.`,
      allowed: 'an IPv4 or IPv6 address of this machine, or localhost',
      example,
    },
  )

export const listenPort = (description: string, value: number) =>
  wholeNumber({
    description: `${description} 0: the operating system chooses.`,
    low: 0,
    high: 65_535,
    example: String(value),
  }).default(value)
