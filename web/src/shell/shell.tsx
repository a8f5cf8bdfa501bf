import { AppShell, Burger, Group, NavLink, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconActivityHeartbeat,
  IconApi,
  IconBell,
  IconBinaryTree2,
  IconChartLine,
  IconClipboardList,
  IconLayoutDashboard,
  IconRadar2,
  IconSend,
  IconShieldLock,
  IconSitemap,
} from '@tabler/icons-react'
import { lazy, type ReactNode, Suspense } from 'react'
import { Link, useLocation } from 'wouter'
import { useSession } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { ConnectionBadge, ConnectionBanner } from './connection.tsx'
import { Preferences } from './preferences.tsx'

const PendingChanges = lazy(async () => ({
  default: (await import('../configuration/pending-changes.tsx')).PendingChanges,
}))

const pages = [
  { path: '/', name: 'nav.overview', Icon: IconLayoutDashboard },
  { path: '/plant', name: 'nav.plant', Icon: IconBinaryTree2 },
  { path: '/trends', name: 'nav.trends', Icon: IconChartLine },
  { path: '/discovery', name: 'nav.discovery', Icon: IconRadar2 },
  { path: '/commands', name: 'nav.commands', Icon: IconSend },
  { path: '/events', name: 'nav.events', Icon: IconBell },
  { path: '/diagnostics', name: 'nav.diagnostics', Icon: IconActivityHeartbeat },
  { path: '/configuration', name: 'nav.configuration', Icon: IconSitemap, right: 'configure' },
  {
    path: '/administration',
    name: 'admin.title',
    Icon: IconShieldLock,
    right: ['administerSecurity', 'configure'],
  },
  { path: '/audit', name: 'nav.audit', Icon: IconClipboardList, right: 'administerSecurity' },
  { path: '/api', name: 'nav.api', Icon: IconApi },
] as const

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useLocale()
  const [isOpen, { toggle, close }] = useDisclosure()
  const [location] = useLocation()
  const { data: session } = useSession()
  const rights = session?.user?.rights ?? []
  const shown = pages.filter(
    (page) => !('right' in page) || [page.right].flat().some((right) => rights.includes(right)),
  )
  const isHere = (path: string) =>
    path === '/'
      ? location === '/'
      : location.startsWith(path) || (path === '/plant' && location.startsWith('/devices/'))
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <a href="#content" className="skip">
          {t('app.skip')}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('app.menu')} />
            <img src="/icon.svg" width={26} height={26} alt="" />
            <Text fw={700} visibleFrom="sm">
              Penstock
            </Text>
            <Text className="cut quiet" title={session?.gateway}>
              {session?.gateway}
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <ConnectionBadge />
            <Preferences />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('nav.label')}>
        {shown.map(({ path, name, Icon }) => (
          <NavLink
            key={path}
            component={Link}
            href={path}
            onClick={close}
            active={isHere(path)}
            aria-current={isHere(path) ? 'page' : undefined}
            label={t(name)}
            leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
            style={{ borderRadius: 'var(--mantine-radius-sm)' }}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <ConnectionBanner />
        {rights.includes('configure') ? (
          <Suspense>
            <PendingChanges />
          </Suspense>
        ) : null}
        {children}
      </AppShell.Main>
    </AppShell>
  )
}
