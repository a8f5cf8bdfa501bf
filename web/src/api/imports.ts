import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ImportFormat } from '../../../src/config/imports/imported.ts'
import { follow } from './configuration.ts'
import { request } from './request.ts'
import type { DraftAnswer, PlantImportAnswer } from './types.ts'

const IMPORT = ['plant-import'] as const
const PATH = '/configuration/import'
const LOOK_EVERY_MS = 500

export interface PlantImporting {
  readonly format: ImportFormat
  readonly file: string
  readonly device?: string | undefined
  readonly zeroBased?: boolean
  readonly zeroBasedBits?: boolean
}

/** The import of whoever is logged in; asked for again while it runs. */
export const usePlantImport = () =>
  useQuery({
    queryKey: IMPORT,
    queryFn: ({ signal }) => request<PlantImportAnswer>(PATH, { signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? LOOK_EVERY_MS : false),
  })

export function useBeginImport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: PlantImporting) => request<PlantImportAnswer>(PATH, { method: 'POST', body }),
    onSuccess: (state) => client.setQueryData(IMPORT, state),
  })
}

/** Ends it where it runs. */
export function useForgetImport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<void>(PATH, { method: 'DELETE' }),
    onSuccess: () => client.setQueryData<PlantImportAnswer>(IMPORT, { state: 'none' }),
  })
}

export function useTakeImport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<DraftAnswer>(`${PATH}/take`, { method: 'POST' }),
    onSuccess: (draft) => {
      client.setQueryData<PlantImportAnswer>(IMPORT, { state: 'none' })
      return follow(client, draft)
    },
  })
}
