{{- /*
Written by npm run chart.
The config file that the values ask for; empty where they ask for nothing. Helm makes booleans of the words on and off.
*/ -}}
{{- define "pgusher.configuration" -}}
{{- $config := deepCopy (.Values.config | default dict) -}}
{{- range $name, $value := $config.settings -}}
{{- if and (kindIs "bool" $value) (has $name (list "backup" "backup-verify" "backup-synchronous" "dump-role-passwords" "restore-target-immediate" "restore-target-inclusive" "pre-stop" "probes")) -}}
{{- $_ := set $config.settings $name (ternary "on" "off" $value) -}}
{{- end -}}
{{- end -}}
{{- range $check, $value := ($config.checks | default dict).modes -}}
{{- if kindIs "bool" $value -}}
{{- $_ := set $config.checks.modes $check "off" -}}
{{- end -}}
{{- end -}}
{{- with .Values.images.agent -}}
{{- if hasKey ($config.settings | default dict) "agent-image" -}}
{{- fail "the agent's image is given twice, by images.agent and by config.settings.agent-image; wanted one of them" -}}
{{- end -}}
{{- $_ := set $config "settings" (set ($config.settings | default dict) "agent-image" .) -}}
{{- end -}}
{{- if $config -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}
