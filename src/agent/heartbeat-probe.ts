/** `sh -c <this> <path of the file>`: 0 while it is alive. Written without what the kubelet would expand. */
export const heartbeatProbe = 'read -r now _ </proc/uptime && read -r until <"$0" && [ "${now%.*}" -lt "$until" ]';
