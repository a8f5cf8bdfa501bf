import { z } from 'zod'

const by = z.object({
  user: z.string(),
  origin: z.string(),
  address: z.string().optional(),
  client: z.string().optional(),
})

export const version = z.object({
  id: z.int().describe('The higher, the later; the highest one holds.'),
  at: z.number(),
  by,
  comment: z.string().describe('Why, in the words of whoever did it.'),
})

export const configurationProblem = z.object({
  path: z.string().describe('As in the file: `sources[0].devices[2].poll`.'),
  at: z.string().optional().describe('The same place by keys: `sources/line/devices/pump/poll`.'),
  value: z.string().optional().describe('What stands there; never a secret.'),
  message: z.string().describe('What is wrong and what is allowed.'),
  mend: z.string().describe('What to do.'),
  line: z.int().optional(),
  column: z.int().optional(),
})

export const behind = z.object({
  version,
  changes: z.array(z.string()).describe('What others changed, in words.'),
  clashes: z
    .array(z.object({ mine: z.string(), theirs: z.string() }))
    .describe('Where both changed the same; all else goes together.'),
})

export const draft = z.object({
  basedOn: z.int().describe('The version that it was made of.'),
  revision: z.int().describe('Another one after each change; also its ETag.'),
  changedAt: z.number(),
  changes: z.array(
    z.object({
      at: z.string(),
      kind: z.enum(['added', 'removed', 'changed', 'moved']),
      words: z.string(),
    }),
  ),
  restart: z.array(z.string()).describe('Sections that differ and take a restart of the gateway.'),
  problems: z.array(configurationProblem).describe('Everything that keeps it from being applied.'),
  behind: behind.nullable().describe('Another version holds by now: what others changed.'),
})
export type DraftAnswer = z.output<typeof draft>

export const maybeDraft = z.object({
  holds: version.describe('The version that holds.'),
  draft: draft.nullable().describe('null: nothing is changed.'),
})
export type MaybeDraftAnswer = z.output<typeof maybeDraft>

export const applied = z.object({
  version: z.int().describe('The version that holds now; the same as before where nothing differs.'),
  changes: z.array(z.string()),
  restart: z.array(z.string()).describe('Sections that changed and take a restart of the gateway.'),
  live: z.boolean().describe('False: it is committed, and the plant follows as soon as the engine answers again.'),
})
export type AppliedAnswer = z.output<typeof applied>

/** A change went into the draft, or, straight, into the configuration. */
export const changed = z.object({
  draft: draft.optional(),
  applied: applied.optional(),
})
export type ChangedAnswer = z.output<typeof changed>

export const changedOrSeen = changed.extend({
  preview: z
    .object({
      changes: z.array(z.string()).describe('What it would do to your draft, in words; at most 500 of them.'),
      count: z.int(),
      problems: z.array(configurationProblem).describe('What would be wrong with these tags then.'),
    })
    .optional(),
})
export type ChangedOrSeenAnswer = z.output<typeof changedOrSeen>

export const current = version.extend({
  text: z.string().describe('YAML.'),
  origins: z
    .record(
      z.string(),
      z.object({
        from: z.enum(['default', 'file', 'environment']),
        line: z.int().optional(),
        variable: z.string().optional().describe('What decides the setting, which cannot be changed here then.'),
      }),
    )
    .describe('Where each setting comes from.'),
})

export const versions = z.object({ versions: z.array(version), next: z.int().optional() })
export type VersionsAnswer = z.output<typeof versions>

export const versionDetail = version.extend({
  text: z.string(),
  changes: z.array(z.string()).describe('In what it differs from the version before, in words.'),
})
export type VersionAnswer = z.output<typeof versionDetail>

export const differences = z.object({ changes: z.array(z.string()) })
export type DifferencesAnswer = z.output<typeof differences>

export const setting = z.object({
  at: z.string(),
  value: z.unknown().describe('As it is written; absent: nothing stands there.'),
  inDraft: z.boolean().describe('As in the draft; otherwise as in the version that holds.'),
})
export interface SettingAnswer {
  readonly at: string
  readonly value?: unknown
  readonly inDraft: boolean
}

export const tagImport = z.object({
  rows: z.int(),
  changes: z.array(z.string()).describe('What it does to your draft, in words; at most 500 of them.'),
  count: z.int().describe('How many changes there are.'),
  problems: z
    .array(z.object({ line: z.int().optional(), column: z.string().optional(), message: z.string() }))
    .describe('What is wrong with rows; while a row cannot be understood nothing is taken over.'),
  taken: z.boolean().describe('It stands in your draft now.'),
  draft: draft.optional(),
})
export type TagImportAnswer = z.output<typeof tagImport>

export const outline = z.object({
  sources: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      kind: z.string(),
      devices: z.array(z.object({ key: z.string(), name: z.string(), tags: z.int(), folder: z.string().optional() })),
    }),
  ),
  templates: z.array(z.object({ key: z.string(), name: z.string(), tags: z.int() })),
  inDraft: z.boolean(),
})
export type OutlineAnswer = z.output<typeof outline>

export const folders = z.object({
  folders: z.array(z.object({ name: z.string(), devices: z.array(z.string()) })),
})
