import { z } from 'zod'

const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()])

export const tagValue = z.object({
  id: z.string(),
  value: z
    .union([scalar, z.array(scalar)])
    .describe('null where there is none that can be used. 64-bit integers and times are text, bytes hexadecimal.'),
  status: z.string().describe('The StatusCode by its name in the specification.'),
  quality: z.enum(['good', 'uncertain', 'bad']),
  sourceTime: z
    .number()
    .nullable()
    .describe('When the device or its network server took it, milliseconds of the epoch.'),
  serverTime: z.number().nullable().describe('When the gateway last changed value or status.'),
})
export type TagValueAnswer = z.output<typeof tagValue>

export const values = z.object({
  heard: z.boolean().describe('False while the engine is gone or silent: values are the last known, and Uncertain.'),
  values: z.array(tagValue),
})

export const trend = z.object({
  tag: z.string(),
  from: z.number(),
  to: z.number(),
  samples: z
    .array(
      z.object({
        time: z.number(),
        value: z.union([z.number(), z.string(), z.null()]),
        quality: z.enum(['good', 'uncertain', 'bad']),
        status: z.string(),
      }),
    )
    .describe('Recorded samples in the order of their times; a Boolean is 0 or 1.'),
  reduced: z
    .boolean()
    .describe('There are more samples: of each part of the span are the first, least, greatest and last ones.'),
  thinned: z.boolean().describe('There are so many that of some parts not all were looked at.'),
})
export type TrendAnswer = z.output<typeof trend>
