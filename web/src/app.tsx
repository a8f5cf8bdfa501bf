import { Button, Center, Loader, Stack } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Link, Route, Switch, useLocation } from 'wouter'
import { useSession } from './api/queries.ts'
import { useLocale } from './i18n/use-locale.tsx'
import { LiveProvider } from './live/use-live.tsx'
import { LoginPage } from './pages/login-page.tsx'
import { OverviewPage } from './pages/overview-page.tsx'
import { PlantPage } from './pages/plant-page.tsx'
import { Empty } from './parts/empty.tsx'
import { Trouble } from './parts/trouble.tsx'
import { PageGuard } from './shell/page-guard.tsx'
import { Shell } from './shell/shell.tsx'

const DevicePage = lazy(async () => ({ default: (await import('./pages/device-page.tsx')).DevicePage }))
const TrendsPage = lazy(async () => ({ default: (await import('./pages/trends-page.tsx')).TrendsPage }))
const DiscoveryPage = lazy(async () => ({ default: (await import('./pages/discovery-page.tsx')).DiscoveryPage }))
const DiagnosticsPage = lazy(async () => ({ default: (await import('./pages/diagnostics-page.tsx')).DiagnosticsPage }))
const CommandsPage = lazy(async () => ({ default: (await import('./pages/commands-page.tsx')).CommandsPage }))
const ConfigurationPage = lazy(async () => ({
  default: (await import('./pages/configuration-page.tsx')).ConfigurationPage,
}))
const VersionsPage = lazy(async () => ({ default: (await import('./pages/versions-page.tsx')).VersionsPage }))
const TagsCsvPage = lazy(async () => ({ default: (await import('./pages/tags-csv-page.tsx')).TagsCsvPage }))
const ImportPage = lazy(async () => ({ default: (await import('./pages/import-page.tsx')).ImportPage }))
const YamlPage = lazy(async () => ({ default: (await import('./pages/yaml-page.tsx')).YamlPage }))
const SetupPage = lazy(async () => ({ default: (await import('./pages/setup-page.tsx')).SetupPage }))
const AuditPage = lazy(async () => ({ default: (await import('./pages/audit-page.tsx')).AuditPage }))
const AccessPage = lazy(async () => ({ default: (await import('./pages/access-page.tsx')).AccessPage }))
const EventsPage = lazy(async () => ({ default: (await import('./pages/events-page.tsx')).EventsPage }))
const AdministrationPage = lazy(async () => ({
  default: (await import('./pages/administration-page.tsx')).AdministrationPage,
}))
const ApiPage = lazy(async () => ({ default: (await import('./pages/api-page.tsx')).ApiPage }))

/** Who is not known logs in; who is sees the page that the address names. */
export function App() {
  const { data: session, error, refetch } = useSession()
  if (session?.user) {
    return (
      <LiveProvider>
        <Shell>
          <Pages />
        </Shell>
      </LiveProvider>
    )
  }
  if (session) return <LoginPage session={session} />
  return (
    <Center component="main" mih="100dvh" p="md">
      {error ? <Trouble error={error} retry={() => void refetch()} /> : <Loader />}
    </Center>
  )
}

function Pages() {
  const [location] = useLocation()
  return (
    <PageGuard key={location}>
      <Suspense
        fallback={
          <Center h={240}>
            <Loader />
          </Center>
        }
      >
        <Switch>
          <Route path="/" component={OverviewPage} />
          <Route path="/plant" component={PlantPage} />
          <Route path="/devices/:device" component={DevicePage} />
          <Route path="/trends" component={TrendsPage} />
          <Route path="/discovery" component={DiscoveryPage} />
          <Route path="/diagnostics" component={DiagnosticsPage} />
          <Route path="/commands" component={CommandsPage} />
          <Route path="/configuration" component={ConfigurationPage} />
          <Route path="/configuration/versions" component={VersionsPage} />
          <Route path="/configuration/tags" component={TagsCsvPage} />
          <Route path="/configuration/import" component={ImportPage} />
          <Route path="/configuration/yaml" component={YamlPage} />
          <Route path="/setup" component={SetupPage} />
          <Route path="/audit" component={AuditPage} />
          <Route path="/access" component={AccessPage} />
          <Route path="/events" component={EventsPage} />
          <Route path="/administration/:tab?" component={AdministrationPage} />
          <Route path="/api" component={ApiPage} />
          <Route component={NotFoundPage} />
        </Switch>
      </Suspense>
    </PageGuard>
  )
}

function NotFoundPage() {
  const { t } = useLocale()
  return (
    <Stack align="center">
      <Empty text={t('notFound.title')} />
      <Button component={Link} href="/" variant="default">
        {t('notFound.home')}
      </Button>
    </Stack>
  )
}
