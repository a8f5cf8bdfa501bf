# syntax=docker/dockerfile:1

# The Node that the tests run with: the version of the package `node` in package.json.
ARG NODE_VERSION=24.21.0

# Builds: with a compiler, for the native parts of better-sqlite3 and serialport where no binary fits the platform.
FROM node:${NODE_VERSION}-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
COPY addressspace ./addressspace
COPY migrations ./migrations
COPY proto ./proto
COPY config ./config
COPY web ./web
RUN npm run build
# The image brings its own Node.
RUN npm prune --omit=dev && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin

# Runs: no compiler, no npm, no shell scripts of ours; an own user, and nothing that is written but the data folder.
FROM node:${NODE_VERSION}-bookworm-slim AS run
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* \
    && groupadd --system --gid 10001 penstock \
    && useradd --system --uid 10001 --gid penstock --home-dir /var/lib/penstock --shell /usr/sbin/nologin penstock \
    && install -d -o penstock -g penstock -m 0700 /var/lib/penstock \
    && install -d /etc/penstock
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/addressspace ./addressspace
COPY --from=build /app/migrations ./migrations
COPY --from=build /app/proto ./proto
COPY --from=build /app/config ./config

ENV NODE_ENV=production \
    PENSTOCK_CONFIG=/etc/penstock/penstock.yaml \
    PENSTOCK_DATA=/var/lib/penstock
USER penstock
VOLUME /var/lib/penstock
# OPC UA, and HTTP, which is reachable from outside only with PENSTOCK_HTTP_BIND=0.0.0.0; gRPC where it is configured
EXPOSE 4840 8080 50051
# Ready is when values are collected and clients can connect.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PENSTOCK_HTTP_PORT||8080)+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# An ordered stop takes at most five seconds; values that were taken are on disk then.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["run"]
