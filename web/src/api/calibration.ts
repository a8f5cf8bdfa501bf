import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { follow } from './configuration.ts'
import { part, request } from './request.ts'
import type { CalibrationAnswer, ChangedAnswer, LastCalibrationAnswer } from './types.ts'

const LOOK_EVERY = 1_000

const pathOf = (source: string): string => `/diagnostics/${part(source)}/calibration`
const keyOf = (source: string) => ['calibration', source] as const

/** The calibration of the source that runs, or its last one; also one that somebody else began. */
export const useCalibration = (source: string) =>
  useQuery({
    queryKey: keyOf(source),
    queryFn: ({ signal }) => request<LastCalibrationAnswer>(pathOf(source), { signal }),
    refetchInterval: LOOK_EVERY,
  })

export interface BeginningCalibration {
  readonly device: string
  readonly seconds: number
  readonly ranges?: readonly string[]
}

export function useBeginCalibration(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: BeginningCalibration) => request<CalibrationAnswer>(pathOf(source), { method: 'POST', body }),
    onSettled: () => client.invalidateQueries({ queryKey: keyOf(source) }),
  })
}

export function useCancelCalibration(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<CalibrationAnswer>(pathOf(source), { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: keyOf(source) }),
  })
}

/** Takes the settings that it proposes into the draft of whoever is logged in. */
export function useTakeCalibration(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<ChangedAnswer>(`${pathOf(source)}/draft`, { method: 'POST' }),
    onSuccess: ({ draft }) => follow(client, draft),
  })
}
