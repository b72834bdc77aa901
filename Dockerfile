# kn-bootstrap for the CronJob that renews (docs/renewal.md): docker build -t registry.example.com/kn-bootstrap .
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# Nothing is installed at run time: the bundle holds its libraries.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /build/package.json ./
COPY --from=build /build/dist dist
COPY manifests manifests
RUN chmod 0755 dist/main.js && ln -s /app/dist/main.js /usr/local/bin/kn-bootstrap
# By number: with runAsNonRoot the kubelet must be able to tell that it is not root.
USER 65532:65532
ENTRYPOINT ["kn-bootstrap"]
