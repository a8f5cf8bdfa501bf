import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { part, request } from './request.ts'
import type {
  BackupsAnswer,
  CertificatesAnswer,
  EventsAnswer,
  OpcuaSessionsAnswer,
  SettingsAnswer,
  SystemAnswer,
  UserAnswered,
} from './types.ts'

const SESSIONS_EVERY = 3_000
const CERTIFICATES_EVERY = 5_000
const EVENTS_EVERY = 3_000
const SYSTEM_EVERY = 10_000

export const useUsers = () =>
  useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => request<{ users: UserAnswered[] }>('/users', { signal }),
  })

type Roles = UserAnswered['roles']

export type UserWish =
  | { readonly do: 'add'; readonly name: string; readonly roles: Roles; readonly password: string | null }
  | { readonly do: 'roles'; readonly user: UserAnswered; readonly roles: Roles }
  | { readonly do: 'password'; readonly user: UserAnswered; readonly password: string }
  | { readonly do: 'disabled'; readonly user: UserAnswered; readonly disabled: boolean }
  | { readonly do: 'certificate'; readonly user: UserAnswered; readonly thumbprint: string; readonly add: boolean }
  | { readonly do: 'remove'; readonly user: UserAnswered }

function wished(wish: UserWish): Promise<UserAnswered | undefined> {
  if (wish.do === 'add') {
    const { name, roles, password } = wish
    return request('/users', { method: 'POST', body: { name, roles, password } })
  }
  const { name, etag: ifMatch } = wish.user
  const path = `/users/${part(name)}`
  if (wish.do === 'remove') return request(path, { method: 'DELETE', ifMatch })
  if (wish.do === 'roles') return request(`${path}/roles`, { method: 'PUT', body: { roles: wish.roles }, ifMatch })
  if (wish.do === 'password') {
    return request(`${path}/password`, { method: 'PUT', body: { password: wish.password }, ifMatch })
  }
  if (wish.do === 'disabled') {
    return request(`${path}/disabled`, { method: 'PUT', body: { disabled: wish.disabled }, ifMatch })
  }
  const method = wish.add ? 'PUT' : 'DELETE'
  return request(`${path}/certificates/${part(wish.thumbprint)}`, { method, ifMatch })
}

/** Changes a user; what he is then is asked for again. */
export function useChangeUser() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: wished,
    onSettled: () => client.invalidateQueries({ queryKey: ['users'] }),
  })
}

export const useOpcuaSessions = () =>
  useQuery({
    queryKey: ['opcua-sessions'],
    queryFn: ({ signal }) => request<OpcuaSessionsAnswer>('/opcua/sessions', { signal }),
    refetchInterval: SESSIONS_EVERY,
  })

export function useCloseSession() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => request<void>(`/opcua/sessions/${part(id)}`, { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['opcua-sessions'] }),
  })
}

export const useCertificates = () =>
  useQuery({
    queryKey: ['certificates'],
    queryFn: ({ signal }) => request<CertificatesAnswer>('/certificates', { signal }),
    refetchInterval: CERTIFICATES_EVERY,
  })

export type KnownCertificate = CertificatesAnswer['certificates'][number]
type Store = KnownCertificate['store']

export type CertificateWish =
  | { readonly of: KnownCertificate; readonly place: 'trusted' | 'rejected' | 'revoked' }
  | { readonly store: Store; readonly certificate: string }
  | { readonly store: Store; readonly list: string }

export function useChangeCertificates() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: CertificateWish) => {
      if ('of' in wish) {
        const { store, thumbprint } = wish.of
        const body = { place: wish.place }
        return request<CertificatesAnswer>(`/certificates/${store}/${thumbprint}`, { method: 'PUT', body })
      }
      const path = 'list' in wish ? '/certificates/lists' : '/certificates'
      return request<CertificatesAnswer>(path, { method: 'POST', body: wish })
    },
    onSuccess: (answer) => client.setQueryData(['certificates'], answer),
  })
}

export interface EventFilter {
  readonly state?: string | undefined
  readonly kind?: string | undefined
  readonly minSeverity?: string | undefined
  readonly search?: string | undefined
}

/** The newest events as they come; those before are what they were. */
export const useEvents = (filter: EventFilter, before: string | undefined, limit = 100) =>
  useQuery({
    queryKey: ['events', filter, before, limit],
    queryFn: ({ signal }) => request<EventsAnswer>('/events', { query: { ...filter, before, limit }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: before === undefined ? EVENTS_EVERY : false,
  })

export const useSystem = () =>
  useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => request<SystemAnswer>('/system', { signal }),
    refetchInterval: SYSTEM_EVERY,
  })

export const useSettings = () =>
  useQuery({
    queryKey: ['configuration', 'settings'],
    queryFn: ({ signal }) => request<SettingsAnswer>('/settings', { signal }),
  })

export const useBackups = () =>
  useQuery({
    queryKey: ['backups'],
    queryFn: ({ signal }) => request<BackupsAnswer>('/backups', { signal }),
  })

export function useMakeBackup() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<{ backup: string; files: number; bytes: number }>('/backups', { method: 'POST' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['backups'] }),
  })
}

export const useVerifyBackup = () =>
  useMutation({
    mutationFn: (name: string) =>
      request<{ files: number; bytes: number }>(`/backups/${part(name)}/verify`, { method: 'POST' }),
  })
