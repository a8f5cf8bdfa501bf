import { keepPreviousData, type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { JsonSchema } from '../configuration/schema.ts'
import { part, request } from './request.ts'
import type {
  AppliedAnswer,
  ChangedAnswer,
  ChangedOrSeenAnswer,
  DraftAnswer,
  MaybeDraftAnswer,
  OutlineAnswer,
  SettingAnswer,
  TagImportAnswer,
  VersionAnswer,
  VersionsAnswer,
} from './types.ts'

const DRAFT = ['configuration', 'draft'] as const

/** The draft of whoever is logged in, and the version that holds. */
export const useDraft = () =>
  useQuery({
    queryKey: DRAFT,
    queryFn: ({ signal }) => request<MaybeDraftAnswer>('/configuration/draft', { signal }),
    staleTime: 10_000,
  })

export const useConfigurationSchema = () =>
  useQuery({
    queryKey: ['configuration-schema'],
    queryFn: ({ signal }) => request<JsonSchema>('/configuration/schema', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const useOutline = () =>
  useQuery({
    queryKey: ['configuration', 'outline'],
    queryFn: ({ signal }) => request<OutlineAnswer>('/configuration/sources', { signal }),
    placeholderData: keepPreviousData,
  })

/** What stands at a place of the draft. */
export const useSetting = (at: string) =>
  useQuery({
    queryKey: ['configuration', 'setting', at],
    queryFn: ({ signal }) => request<SettingAnswer>('/configuration/setting', { query: { at }, signal }),
    staleTime: 0,
  })

export const useDraftText = () =>
  useQuery({
    queryKey: ['configuration', 'text'],
    queryFn: ({ signal }) => request<{ text: string; revision: number }>('/configuration/draft/text', { signal }),
    staleTime: 0,
  })

export const useVersions = (before: number | undefined) =>
  useQuery({
    queryKey: ['configuration', 'versions', before],
    queryFn: ({ signal }) =>
      request<VersionsAnswer>('/configuration/versions', { query: { before, limit: 50 }, signal }),
    placeholderData: keepPreviousData,
  })

export const useVersion = (id: number) =>
  useQuery({
    queryKey: ['configuration', 'version', id],
    queryFn: ({ signal }) => request<VersionAnswer>(`/configuration/versions/${id}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const useDifferences = (from: number) =>
  useQuery({
    queryKey: ['configuration', 'differences', from],
    queryFn: ({ signal }) => request<{ changes: string[] }>(`/configuration/versions/${from}/differences`, { signal }),
  })

/** All but the draft itself, which came with the answer, is asked for again. */
export async function follow(client: QueryClient, draft: DraftAnswer | null | undefined): Promise<void> {
  const isKnown = client.getQueryData(DRAFT) !== undefined
  if (draft === undefined || !isKnown) return client.invalidateQueries({ queryKey: ['configuration'] })
  // One that was asked for before, and is answered after, would bring back what is changed or discarded.
  await client.cancelQueries({ queryKey: DRAFT })
  client.setQueryData<MaybeDraftAnswer>(DRAFT, (before) => before && { ...before, draft })
  return client.invalidateQueries({
    predicate: ({ queryKey }) => queryKey[0] === 'configuration' && queryKey[1] !== 'draft',
  })
}

/** A change of the draft, which is begun with the first. */
function useDraftChange<Input>(ask: (input: Input) => Promise<ChangedAnswer>, onDone?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ask,
    // Said first: what is asked for again may take away who asked.
    onSuccess: ({ draft }) => {
      onDone?.()
      return follow(client, draft)
    },
    onError: () => client.invalidateQueries({ queryKey: DRAFT }),
  })
}

const pathOf = (at: string): string => `/configuration/${at.split('/').map(part).join('/')}`

/** Adds a thing to a list, `sources/line/devices`. */
export const useAddThing = () =>
  useDraftChange(({ list, value }: { readonly list: string; readonly value: object }) =>
    request<ChangedAnswer>(pathOf(list), { method: 'POST', body: value }),
  )

export const useReplaceThing = () =>
  useDraftChange(({ at, value }: { readonly at: string; readonly value: object }) =>
    request<ChangedAnswer>(pathOf(at), { method: 'PUT', body: value }),
  )

export const useRemoveThing = (onDone: () => void) =>
  useDraftChange((at: string) => request<ChangedAnswer>(pathOf(at), { method: 'DELETE' }), onDone)

export interface TagsChange {
  readonly tags: readonly string[]
  readonly set?: Readonly<Record<string, unknown>>
  readonly remove?: readonly string[]
  readonly namePrefix?: string
  readonly delete?: boolean
}

export const useChangeTags = () =>
  useDraftChange((body: TagsChange) => request<ChangedAnswer>('/configuration/tags', { method: 'POST', body }))

/** What a change of tags would do, in words; nothing is done. */
export const usePreviewTags = () =>
  useMutation({
    mutationFn: (body: TagsChange) =>
      request<ChangedOrSeenAnswer>('/configuration/tags', { method: 'POST', body: { ...body, preview: true } }),
  })

export interface TagImporting {
  readonly csv: string
  readonly mode: 'merge' | 'replace'
  /** Nothing is done, only said. */
  readonly preview: boolean
}

export function useImportTags() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: TagImporting) =>
      request<TagImportAnswer>('/configuration/tags/import', { method: 'POST', body }),
    onSuccess: ({ draft }) => (draft ? follow(client, draft) : undefined),
  })
}

export const useReplaceDraft = () =>
  useDraftChange(async ({ text, revision }: { readonly text: string; readonly revision?: number | undefined }) => ({
    draft: await request<DraftAnswer>('/configuration/draft', {
      method: 'PUT',
      body: { text },
      ifMatch: revision === undefined ? undefined : `"d${revision}"`,
    }),
  }))

export const useRebase = () =>
  useDraftChange(async (winner: 'mine' | 'theirs') => ({
    draft: await request<DraftAnswer>('/configuration/draft/rebase', { method: 'POST', body: { winner } }),
  }))

export function useDiscard(onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<void>('/configuration/draft', { method: 'DELETE' }),
    onSuccess: () => {
      onDone()
      return follow(client, null)
    },
  })
}

export function useApply(onApplied: (applied: AppliedAnswer) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ comment, revision }: { readonly comment: string; readonly revision: number }) =>
      request<AppliedAnswer>('/configuration/draft/apply', {
        method: 'POST',
        body: { comment },
        ifMatch: `"d${revision}"`,
      }),
    onSuccess: onApplied,
    onSettled: () => everythingAgain(client),
  })
}

export function useRestore() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ version, comment }: { readonly version: number; readonly comment: string }) =>
      request<AppliedAnswer>(`/configuration/versions/${version}/restore`, { method: 'POST', body: { comment } }),
    onSettled: () => everythingAgain(client),
  })
}

async function everythingAgain(client: QueryClient): Promise<void> {
  await Promise.all(['configuration', 'plant'].map((name) => client.invalidateQueries({ queryKey: [name] })))
}
