import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { type Login, useLogin } from '../api/queries.ts'
import type { SessionAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'

/** Asks who somebody is; a gateway without users asks for its set-up code. */
export function LoginPage({ session }: { readonly session: SessionAnswer }) {
  const { t } = useLocale()
  const login = useLogin()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const { needsCode } = session
  const title = needsCode ? t('login.codeTitle') : t('login.title')
  useEffect(() => {
    document.title = `${title} – Penstock`
  }, [title])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const given: Login = needsCode ? { code } : { name, password }
    login.mutate(given)
  }
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder shadow="sm" p="xl" radius="md" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack>
            <Stack align="center" gap={6}>
              <img src="/icon.svg" width={44} height={44} alt="" />
              <Text fw={600} className="quiet">
                {session.gateway}
              </Text>
              <Title order={1} size="h3">
                {title}
              </Title>
              <Text size="sm" ta="center" className="quiet">
                {needsCode ? t('login.codeIntro') : t('login.intro')}
              </Text>
            </Stack>
            {needsCode ? (
              <TextInput
                label={t('login.code')}
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
                autoComplete="one-time-code"
                placeholder="XXXX-XXXX-XXXX"
                required
                data-autofocus
              />
            ) : (
              <>
                <TextInput
                  label={t('login.name')}
                  value={name}
                  onChange={(event) => setName(event.currentTarget.value)}
                  autoComplete="username"
                  autoCapitalize="none"
                  required
                />
                <PasswordInput
                  label={t('login.password')}
                  value={password}
                  onChange={(event) => setPassword(event.currentTarget.value)}
                  autoComplete="current-password"
                  required
                />
              </>
            )}
            {login.error ? <Trouble error={login.error} /> : null}
            <Button type="submit" loading={login.isPending} fullWidth>
              {needsCode ? t('login.codeSubmit') : t('login.submit')}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
