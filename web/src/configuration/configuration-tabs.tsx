import { Tabs } from '@mantine/core'
import { useLocation } from 'wouter'
import { useLocale } from '../i18n/use-locale.tsx'

const pages = ['plant', 'tags', 'import', 'yaml', 'versions'] as const

/** The pages about the configuration, one beside the other. */
export function ConfigurationTabs({ current }: { readonly current: (typeof pages)[number] }) {
  const { t } = useLocale()
  const [, navigate] = useLocation()
  return (
    <Tabs
      value={current}
      onChange={(page) => navigate(page === 'plant' || page === null ? '/configuration' : `/configuration/${page}`)}
      activateTabWithKeyboard={false}
      mb="md"
    >
      <Tabs.List aria-label={t('nav.configuration')}>
        {pages.map((page) => (
          <Tabs.Tab key={page} value={page} aria-controls="content">
            {t(`conf.tab.${page}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  )
}
