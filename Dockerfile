# The operator's image: compiled JavaScript and its production dependencies on a slim Node, run by a
# user without rights, on a root file system that may be read-only.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="antipode" \
      org.opencontainers.image.description="Disaster recovery operator for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
# A directory of recovery points whose volume does not answer keeps threads for ever; host names are looked
# up on the same ones, of which Node has four unless it is told.
ENV UV_THREADPOOL_SIZE=32
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# package.json says that the files of dist are modules.
COPY package.json LICENSE ./
# The user of the chart's Pod security context: a volume mounted at the store belongs to it.
RUN mkdir -p /var/lib/antipode && chown 65532:65532 /var/lib/antipode
USER 65532:65532
EXPOSE 8080
# Node is process 1 and handles SIGTERM itself; it starts no children that would need reaping.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["--help"]
