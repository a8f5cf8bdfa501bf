import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Settings } from '../configuration/schema.ts'
import { part, request } from './request.ts'
import type { CertificatesAnswer, SetupClientsAnswer, TestReportAnswer } from './types.ts'

const CLIENTS_EVERY = 2_000
const CLIENTS = ['setup', 'clients'] as const

export interface Testing {
  readonly source: Settings
  readonly apiKey?: string | undefined
}

/** Tries a source that does not run yet. */
export const useConnectionTest = () =>
  useMutation({
    mutationFn: (body: Testing) => request<TestReportAnswer>('/configuration/test', { method: 'POST', body }),
  })

/** Gives the gateway an API key, which no page shows again. */
export function useKeepSecret() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ variable, value }: { readonly variable: string; readonly value: string }) =>
      request<void>(`/configuration/secrets/${part(variable)}`, { method: 'PUT', body: { value } }),
    // A draft that lacked it is right now.
    onSettled: () => client.invalidateQueries({ queryKey: ['configuration'] }),
  })
}

/** Where OPC UA clients connect to, and who does; asked for again every `every` milliseconds. */
export const useSetupClients = (every = CLIENTS_EVERY) =>
  useQuery({
    queryKey: CLIENTS,
    queryFn: ({ signal }) => request<SetupClientsAnswer>('/setup/clients', { signal }),
    refetchInterval: every,
  })

export function useTrustClient() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (thumbprint: string) =>
      request<CertificatesAnswer>(`/certificates/application/${thumbprint}`, {
        method: 'PUT',
        body: { place: 'trusted' },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: CLIENTS }),
  })
}
