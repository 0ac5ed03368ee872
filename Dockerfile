# The command elastx-mrs, and a host for Pulumi programs that use it. Nothing in it runs as root.
#
#   docker build --target command -t elastx-mrs .          the command alone
#   docker build -t elastx-mrs-program .                   with Pulumi, to run a program
#   docker run --rm -v "$PWD:/work" elastx-mrs records --stack-config stacks/Pulumi.prod.yaml
#
# Pin the base images by digest in your pipeline: --build-arg PYTHON=python:3.13-slim@sha256:…
ARG PYTHON=python:3.13-slim
ARG PULUMI=pulumi/pulumi-base:3.272.0

FROM ${PYTHON} AS build
WORKDIR /build
# The packages first: they change less often than the code. plugin/requirements.txt is without Cloudflare's.
ARG REQUIREMENTS=requirements.txt
COPY ${REQUIREMENTS} packages.txt
RUN python -m venv /opt/elastx-mrs \
 && /opt/elastx-mrs/bin/python -m pip install --no-cache-dir --require-hashes -r packages.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY docs/elastx-mrs.1 docs/
COPY elastx_mrs elastx_mrs
RUN /opt/elastx-mrs/bin/python -m pip install --no-cache-dir --no-deps .

FROM ${PYTHON} AS command
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin mrs
COPY --from=build /opt/elastx-mrs /opt/elastx-mrs
ENV PATH=/opt/elastx-mrs/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["elastx-mrs"]
CMD ["--help"]

FROM ${PULUMI} AS pulumi

FROM command AS program
COPY --from=pulumi /pulumi/bin/pulumi /pulumi/bin/pulumi-language-python /pulumi/bin/pulumi-language-python-exec \
     /pulumi/bin/pulumi-resource-pulumi-python /usr/local/bin/
ENV PULUMI_HOME=/home/mrs/.pulumi PULUMI_SKIP_UPDATE_CHECK=1
ENTRYPOINT ["pulumi"]
CMD ["version"]
