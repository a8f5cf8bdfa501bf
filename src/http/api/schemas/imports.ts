import { z } from 'zod'
import { importFormats } from '../../../config/imports/imported.ts'

export const plantImport = z.object({
  state: z.enum(['none', 'running', 'ready', 'refused']),
  format: z.enum(importFormats).optional(),
  step: z.enum(['reading', 'checking']).optional().describe('While it runs.'),
  done: z.int().optional().describe('Tags and rows that are read.'),
  counts: z
    .object({
      sources: z.int(),
      devices: z.int(),
      tags: z.int(),
      commands: z.int(),
      kept: z.int().describe('Tags that are there already, and stay as they are.'),
    })
    .optional(),
  changes: z.array(z.string()).optional().describe('What it does to your draft, in words; at most 500 of them.'),
  changeCount: z.int().optional(),
  notes: z
    .array(
      z.object({
        kind: z.enum(['leftOut', 'changed', 'note']),
        at: z.string().describe('In the words of the file: `Channel1.Boiler.Level`.'),
        line: z.int().optional(),
        message: z.string(),
      }),
    )
    .optional()
    .describe('What is left out, what is another than it was, and what is to be looked at; at most 1000 of each.'),
  noteCounts: z.object({ leftOut: z.int(), changed: z.int(), note: z.int() }).optional(),
  message: z.string().optional().describe('Why nothing can be made of the file.'),
  line: z.int().optional(),
})
export type PlantImportAnswer = z.output<typeof plantImport>
