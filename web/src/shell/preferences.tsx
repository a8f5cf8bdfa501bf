import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import {
  IconCheck,
  IconDeviceDesktop,
  IconKey,
  IconLogout,
  IconMoon,
  IconSettings,
  IconSun,
  IconUser,
} from '@tabler/icons-react'
import { Link } from 'wouter'
import { useLogout, useSession } from '../api/queries.ts'
import { type Language, languages } from '../i18n/locale.ts'
import { useChooseLanguage, useLocale } from '../i18n/use-locale.tsx'

const themes = [
  { value: 'light', Icon: IconSun },
  { value: 'dark', Icon: IconMoon },
  { value: 'auto', Icon: IconDeviceDesktop },
] as const

/** Who is logged in, and how this browser shows the pages. */
export function Preferences() {
  const { t, language } = useLocale()
  const choose = useChooseLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { data: session } = useSession()
  const logout = useLogout()
  const user = session?.user
  const name =
    user?.by === 'setup'
      ? t('login.setup')
      : t('login.as', {
          name: user?.name ?? '',
          roles: user?.roles.map((role) => t(`admin.role.${role}`)).join(', ') ?? '',
        })
  return (
    <Menu position="bottom-end" width={230} shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('preferences.open')}>
          <IconSettings size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <IconUser size={12} aria-hidden /> {name}
        </Menu.Label>
        {user?.by === 'setup' ? null : (
          <Menu.Item component={Link} href="/access" leftSection={<IconKey size={16} />}>
            {t('access.menu')}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => logout.mutate()}>
          {t('login.logout')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('preferences.theme')}</Menu.Label>
        {themes.map(({ value, Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} />}
            rightSection={colorScheme === value ? <IconCheck size={16} /> : null}
            onClick={() => setColorScheme(value)}
          >
            {t(`preferences.${value}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('preferences.language')}</Menu.Label>
        {(Object.keys(languages) as Language[]).map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            rightSection={each === language ? <IconCheck size={16} /> : null}
            onClick={() => choose(each)}
          >
            {languages[each]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
