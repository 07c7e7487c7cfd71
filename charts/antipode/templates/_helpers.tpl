{{- define "antipode.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "antipode.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trimSuffix "-" -}}
{{- else if contains (include "antipode.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "antipode.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* One account per cluster, whatever the part: a source that becomes a recovery region keeps its token. */}}
{{- define "antipode.serviceAccount" -}}
{{- $default := include "antipode.fullname" . -}}
{{- if ne .Values.part "operator" }}{{ $default = printf "%s-region" $default }}{{ end -}}
{{- default $default .Values.serviceAccount.name -}}
{{- end -}}

{{- define "antipode.selector" -}}
app.kubernetes.io/name: {{ include "antipode.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "antipode.labels" -}}
{{ include "antipode.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/component: {{ .Values.part }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
