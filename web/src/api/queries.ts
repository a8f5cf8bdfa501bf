import { keepPreviousData, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { part, RequestFailed, request } from './request.ts'
import type {
  AuditAnswer,
  CommandAnswered,
  CommandDetailAnswer,
  DeviceAnswer,
  DeviceCommandsAnswer,
  DiagnosticsAnswer,
  FindingsAnswer,
  FrameTraceAnswer,
  GatewayHealthAnswer,
  PlantAnswer,
  ReadingAnswer,
  SessionAnswer,
  TagAnswer,
  TagDetailAnswer,
  TagWatchersAnswer,
  TrendAnswer,
} from './types.ts'

const HEALTH_EVERY = 5_000
const DIAGNOSTICS_EVERY = 3_000
const FRAMES_EVERY = 1_000
const COMMANDS_EVERY = 1_000
const FINDINGS_EVERY = 15_000
const TREND_EVERY = 30_000
const A_PAGE = 5_000

/** What the pages know of the gateway; whoever is not logged in any more is asked again. */
export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        retry: (times, error) => !(error instanceof RequestFailed) && times < 2,
        retryDelay: 1_000,
        staleTime: 2_000,
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
  client.getQueryCache().subscribe(({ query }) => {
    const { error } = query.state
    if (query.queryKey[0] === 'session' || !(error instanceof RequestFailed)) return
    if (error.problem.status === 401) void client.invalidateQueries({ queryKey: ['session'] })
  })
  client.getMutationCache().subscribe(({ mutation }) => {
    const error = mutation?.state.error
    if (!(error instanceof RequestFailed) || error.problem.status !== 401) return
    if (client.getQueryData<SessionAnswer>(['session'])?.user) void client.invalidateQueries({ queryKey: ['session'] })
  })
  return client
}

export const useSession = () =>
  useQuery({
    queryKey: ['session'],
    queryFn: () => request<SessionAnswer>('/session'),
    staleTime: 60_000,
    retry: false,
  })

export type Login = { readonly name: string; readonly password: string } | { readonly code: string }

export function useLogin() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Login) => request<SessionAnswer>('/session', { method: 'POST', body }),
    onSuccess: (session) => {
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      client.setQueryData(['session'], session)
    },
  })
}

export function useLogout() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => request<void>('/session', { method: 'DELETE' }),
    onSuccess: () => {
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      return client.invalidateQueries({ queryKey: ['session'] })
    },
  })
}

export const useHealth = () =>
  useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => request<GatewayHealthAnswer>('/health', { signal }),
    refetchInterval: HEALTH_EVERY,
  })

export const usePlant = () =>
  useQuery({
    queryKey: ['plant'],
    queryFn: ({ signal }) => request<PlantAnswer>('/plant', { signal }),
    staleTime: 60_000,
  })

export const useDevice = (device: string) =>
  useQuery({
    queryKey: ['plant', 'device', device],
    queryFn: ({ signal }) => request<DeviceAnswer>(`/devices/${part(device)}`, { signal }),
    staleTime: 60_000,
  })

/** Every tag of the plant, of a source or of a device. */
export const useTags = (of: { readonly source?: string | undefined; readonly device?: string | undefined }) =>
  useQuery({
    queryKey: ['plant', 'tags', of.source, of.device],
    queryFn: async ({ signal }) => {
      const tags: TagAnswer[] = []
      let after: string | undefined
      do {
        const page: { tags: TagAnswer[]; next?: string | undefined } = await request('/tags', {
          query: { ...of, after, limit: A_PAGE },
          signal,
        })
        tags.push(...page.tags)
        after = page.next
      } while (after !== undefined)
      return tags
    },
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  })

export const useTagDetail = (id: string) =>
  useQuery({
    queryKey: ['plant', 'tag', id],
    queryFn: ({ signal }) => {
      const [device = '', tag = ''] = id.split('/')
      return request<TagDetailAnswer>(`/tags/${part(device)}/${part(tag)}`, { signal })
    },
    staleTime: 60_000,
  })

/** Who is told of a tag over OPC UA. */
export const useTagWatchers = (id: string) =>
  useQuery({
    queryKey: ['watchers', id],
    queryFn: ({ signal }) => {
      const [device = '', tag = ''] = id.split('/')
      return request<TagWatchersAnswer>(`/tags/${part(device)}/${part(tag)}/watchers`, { signal })
    },
    refetchInterval: DIAGNOSTICS_EVERY,
  })

export const trendKey = (tag: string, from: number, to: number, parts: number) =>
  ['trend', tag, from, to, parts] as const

export const trendQuery = (tag: string, from: number, to: number, parts: number, live: boolean) => ({
  queryKey: trendKey(tag, from, to, parts),
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    request<TrendAnswer>('/history', { query: { tag, from: Math.round(from), to: Math.round(to), parts }, signal }),
  staleTime: live ? TREND_EVERY : Number.POSITIVE_INFINITY,
  placeholderData: keepPreviousData,
})

export const useFindings = () =>
  useQuery({
    queryKey: ['findings'],
    queryFn: ({ signal }) => request<FindingsAnswer>('/findings', { signal }),
    refetchInterval: FINDINGS_EVERY,
  })

export const useDiagnostics = () =>
  useQuery({
    queryKey: ['diagnostics'],
    queryFn: ({ signal }) => request<DiagnosticsAnswer>('/diagnostics', { signal }),
    refetchInterval: DIAGNOSTICS_EVERY,
  })

export const useFrames = (source: string, isRunning: boolean) =>
  useQuery({
    queryKey: ['frames', source],
    queryFn: ({ signal }) => request<FrameTraceAnswer>(`/diagnostics/${part(source)}/frames`, { signal }),
    refetchInterval: isRunning ? FRAMES_EVERY : false,
    retry: false,
  })

/** Commands, the newest first, with their states as they change. */
export const useCommands = (device?: string) =>
  useQuery({
    queryKey: ['commands', device],
    queryFn: ({ signal }) =>
      request<{ commands: CommandAnswered[] }>('/commands', { query: { device, limit: 200 }, signal }),
    refetchInterval: COMMANDS_EVERY,
  })

export const useCommand = (id: number) =>
  useQuery({
    queryKey: ['commands', 'one', id],
    queryFn: ({ signal }) => request<CommandDetailAnswer>(`/commands/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.isFinal ? false : COMMANDS_EVERY),
  })

export const useDeviceCommands = (device: string) =>
  useQuery({
    queryKey: ['plant', 'commands', device],
    queryFn: ({ signal }) => request<DeviceCommandsAnswer>(`/devices/${part(device)}/commands`, { signal }),
    staleTime: 60_000,
  })

export type Sending = {
  readonly device: string
  readonly idempotencyKey: string
  readonly confirmed?: boolean
} & (
  | { readonly tag: string; readonly value: unknown }
  | { readonly command: string; readonly arguments: Readonly<Record<string, unknown>> }
)

export function useSend() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Sending) => request<CommandAnswered>('/commands', { method: 'POST', body }),
    onSettled: () => client.invalidateQueries({ queryKey: ['commands'] }),
  })
}

export function useCancel() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: number) => request<CommandAnswered>(`/commands/${id}`, { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['commands'] }),
  })
}

export const useAudit = (before: number | undefined) =>
  useQuery({
    queryKey: ['audit', before],
    queryFn: ({ signal }) => request<AuditAnswer>('/audit', { query: { before, limit: 100 }, signal }),
    placeholderData: keepPreviousData,
  })

type Rights = NonNullable<SessionAnswer['user']>['rights']

/** Whether whoever is logged in may do that. */
export const useMay = (right: Rights[number]): boolean => useSession().data?.user?.rights.includes(right) ?? false

export const useReadOnce = (source: string) =>
  useMutation({
    mutationFn: (body: { device: string; address: string }) =>
      request<ReadingAnswer>(`/diagnostics/${part(source)}/read`, { method: 'POST', body }),
  })

export const useOpenApi = () =>
  useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => request<OpenApiDocument>('/openapi.json', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export interface OpenApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { schema: object }>> }>
  >
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
}
