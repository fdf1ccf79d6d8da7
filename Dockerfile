# Two images, and a list of what is in one of them; `make image` and docs/how-to/docker.md use this.
#
#   build    every verb: compress, gate, release
#   runtime  one bundle, served without torch
#   sbom     no image: the file image.cdx.json, what `runtime` holds
#
# BASE is a Debian with Python 3.11 and its module venv. For builds that can be repeated, name it by
# its digest: --build-arg BASE=python@sha256:...
ARG BASE=python:3.11-slim-bookworm

# Where packages come from is mounted as secrets and stored nowhere: pip.conf for another index,
# ca.crt for a proxy that signs for others (cert = /run/secrets/ca.crt).
FROM ${BASE} AS installing
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements requirements

FROM installing AS build
# The default wheel of torch on Linux brings several GB of CUDA; see TORCH_ARGS in the Makefile.
ARG TORCH_ARGS=
RUN python3 -m venv /opt/edgecompress
ENV PATH=/opt/edgecompress/bin:$PATH
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    pip install ${TORCH_ARGS} --constraint requirements/lock.txt torch
COPY LICENSE README.md pyproject.toml ./
COPY edgecompress edgecompress
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    pip install --constraint requirements/lock.txt '.[build,attack,sign]' && pip check
COPY recipes /recipes
# Volumes go here; it runs as whoever is to own what comes out.
RUN install --directory --mode=1777 /work /store /cache
ENV EDGECOMPRESS_STORE=/store EDGECOMPRESS_CACHE=/cache HOME=/cache
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["edgecompress"]
CMD ["--help"]

# pip apart from what it installs, so that it can be left behind.
FROM installing AS tools
RUN python3 -m venv /opt/tools

FROM tools AS packages
ARG EXTRAS=serve
COPY LICENSE README.md pyproject.toml ./
COPY edgecompress edgecompress
RUN python3 -m venv --without-pip /opt/edgecompress
ENV PATH=/opt/edgecompress/bin:$PATH
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    /opt/tools/bin/pip --python /opt/edgecompress/bin/python install --no-compile \
    --constraint requirements/lock.txt ".[${EXTRAS}]"
COPY image/trim.sh image/
RUN sh image/trim.sh /opt/tools/bin/pip /opt/edgecompress
COPY image/alive.py /opt/edgecompress/

# A bundle that is damaged, or another one than the label will say, ends here.
FROM packages AS checked
ARG BUNDLE_DIGEST
# hadolint ignore=DL3022
COPY --from=bundle . /bundle
RUN chmod -R a+rX,go-w /bundle && edgecompress verify /bundle \
    && grep --quiet "\"digest\": \"${BUNDLE_DIGEST:?}\"" /bundle/.edgecompress/manifest.json

FROM ${BASE} AS served
# What a base brings of pip: hidden, since nothing can take it out of the base's own layers.
RUN rm -rf /usr/local/bin/pip* /usr/share/python-wheels \
    /usr/lib/python3*/ensurepip /usr/local/lib/python3*/ensurepip \
    /usr/local/lib/python3*/site-packages/*
COPY --from=packages /opt/edgecompress /opt/edgecompress
COPY --from=checked /bundle /bundle
# The root file system may be read-only: workers count in /dev/shm, which every engine mounts.
ENV PATH=/opt/edgecompress/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HOME=/nonexistent TMPDIR=/dev/shm
ARG BASE
ARG BUNDLE_DIGEST
LABEL org.opencontainers.image.title="edgecompress serve" \
      org.opencontainers.image.description="A compressed text classifier over HTTP, without torch" \
      org.opencontainers.image.base.name="${BASE}" \
      edgecompress.bundle.digest="${BUNDLE_DIGEST}"
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "/opt/edgecompress/alive.py"]
ENTRYPOINT ["edgecompress"]
CMD ["serve", "/bundle", "--host", "0.0.0.0"]

FROM tools AS listed
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    /opt/tools/bin/pip install --constraint requirements/lock.txt cyclonedx-python-lib
# Copied, not mounted: buildah would take the list of an earlier image from its cache.
COPY --from=served /var/lib/dpkg /served/var/lib/dpkg
COPY --from=served /opt/edgecompress /served/opt/edgecompress
COPY --from=served /bundle /served/bundle
COPY image/sbom.py ./
RUN /opt/tools/bin/python sbom.py /served /image.cdx.json

FROM scratch AS sbom
COPY --from=listed /image.cdx.json /

# Last, so that it is what a build without --target makes.
FROM served AS runtime
