import { Tabs } from '@mantine/core'
import { useLocation, useParams } from 'wouter'
import { Certificates } from '../administration/certificates.tsx'
import { OpcuaSessions } from '../administration/opcua-sessions.tsx'
import { System } from '../administration/system.tsx'
import { Users } from '../administration/users.tsx'
import { useSession } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { Empty } from '../parts/empty.tsx'

const tabs = [
  { tab: 'users', rights: ['administerSecurity'], Content: Users },
  { tab: 'sessions', rights: ['administerSecurity'], Content: OpcuaSessions },
  { tab: 'certificates', rights: ['administerSecurity'], Content: Certificates },
  { tab: 'system', rights: ['administerSecurity', 'configure'], Content: System },
] as const

/** Users, OPC UA sessions, certificates and the program itself, as far as whoever looks may see them. */
export function AdministrationPage() {
  const { t } = useLocale()
  const [, navigate] = useLocation()
  const { tab } = useParams<{ tab?: string }>()
  const { data: session } = useSession()
  useLiveSelection('none')
  const has = (right: (typeof tabs)[number]['rights'][number]) => session?.user?.rights.includes(right) ?? false
  const mine = tabs.filter(({ rights }) => rights.some(has))
  const chosen = tab === undefined ? mine[0] : mine.find((each) => each.tab === tab)
  if (!chosen) return <Empty text={t('admin.notYours')} />
  const { Content } = chosen
  return (
    <>
      <Tabs
        value={chosen.tab}
        onChange={(to) => navigate(`/administration/${to ?? ''}`)}
        activateTabWithKeyboard={false}
        mb="md"
      >
        <Tabs.List aria-label={t('admin.title')}>
          {mine.map((each) => (
            <Tabs.Tab key={each.tab} value={each.tab} aria-controls="content">
              {t(`admin.${each.tab}.tab`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Content />
    </>
  )
}
