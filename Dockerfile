# syntax=docker/dockerfile:1
# The images of pgusher: `--target webhook` (default name of the Deployment's image) and `--target agent`.
#
#   docker build --target webhook -t pgusher .
#   docker build --target agent --build-arg POSTGRES_MAJOR=19 -t pgusher-agent .
#
# Both run what `npm run build` makes on Node, as a user without privileges, and stop on SIGTERM. A release gives both bases with their
# digest (`--build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…`): a tag alone is another image next week. It also says what it is of,
# for the labels (`--build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD)`).
ARG NODE_IMAGE=node:24-bookworm-slim
# The newest: servers turn away programs that are older than they are (src/workload/newest-major.ts says the same to the webhook).
ARG POSTGRES_MAJOR=19
ARG POSTGRES_IMAGE=postgres:${POSTGRES_MAJOR}-bookworm
# pg_rewind reads its own major version only (docs/decisions/2026-11-30-pg-rewind.md).
ARG POSTGRES_13_IMAGE=postgres:13-bookworm
ARG POSTGRES_14_IMAGE=postgres:14-bookworm
ARG POSTGRES_15_IMAGE=postgres:15-bookworm
ARG POSTGRES_16_IMAGE=postgres:16-bookworm
ARG POSTGRES_17_IMAGE=postgres:17-bookworm
ARG POSTGRES_18_IMAGE=postgres:18-bookworm
ARG VERSION=unreleased
ARG REVISION=unknown

FROM ${POSTGRES_13_IMAGE} AS server-13
FROM ${POSTGRES_14_IMAGE} AS server-14
FROM ${POSTGRES_15_IMAGE} AS server-15
FROM ${POSTGRES_16_IMAGE} AS server-16
FROM ${POSTGRES_17_IMAGE} AS server-17
FROM ${POSTGRES_18_IMAGE} AS server-18

FROM ${POSTGRES_IMAGE} AS server
COPY scripts/build/rewind-programs.sh /tmp/
RUN --mount=type=bind,from=server-13,target=/from/13 \
  --mount=type=bind,from=server-14,target=/from/14 \
  --mount=type=bind,from=server-15,target=/from/15 \
  --mount=type=bind,from=server-16,target=/from/16 \
  --mount=type=bind,from=server-17,target=/from/17 \
  --mount=type=bind,from=server-18,target=/from/18 \
  sh /tmp/rewind-programs.sh /from/* && rm -r /tmp/rewind-programs.sh

FROM ${NODE_IMAGE} AS packages
WORKDIR /pgusher
COPY package.json package-lock.json ./
# The package `node` is for checkouts; its script would fetch a second Node. Nothing else needs an install script.
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM packages AS build
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

# Everything is in dist/: nothing of npm goes into an image. Not in /pgusher: pods mount a volume there.
FROM scratch AS program
COPY package.json LICENSE /opt/pgusher/
COPY bin /opt/pgusher/bin
COPY --from=build /pgusher/dist /opt/pgusher/dist

# Node without what fetches and installs packages.
FROM ${NODE_IMAGE} AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn*

FROM scratch AS agent
ARG POSTGRES_MAJOR
ARG VERSION
ARG REVISION
# The client programs of the newest major work with the servers of all older ones. From scratch, so that the VOLUME, the
# entrypoint and the SIGINT of the server's image stay behind: a VOLUME would put an empty directory over a mounted claim.
COPY --from=server / /
COPY --from=runtime /usr/local/bin/node /usr/local/bin/node
COPY --from=program /opt/pgusher /opt/pgusher
ENV NODE_ENV=production LANG=C.UTF-8 \
  PATH=/usr/lib/postgresql/${POSTGRES_MAJOR}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The pod's own securityContext decides; where it says nothing, no root.
USER 65532:65532
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.title="pgusher-agent" \
  org.opencontainers.image.description="Backup and restore of one PostgreSQL server, in the pods that pgusher injects" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENTRYPOINT ["/opt/pgusher/bin/pgusher-agent"]

FROM runtime AS webhook
ARG VERSION
ARG REVISION
ENV NODE_ENV=production
COPY --from=program /opt/pgusher /opt/pgusher
# For `install`.
COPY manifests /opt/pgusher/manifests
USER 65532:65532
EXPOSE 10250
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.title="pgusher" \
  org.opencontainers.image.description="Admission webhook that ushers plain Postgres StatefulSets into safety" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENTRYPOINT ["/opt/pgusher/bin/pgusher"]
