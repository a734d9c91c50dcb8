/** What every check asks for that finds the data on something which does not outlive the pod. */
export const claimTemplateSnippet = `spec:
  volumeClaimTemplates:
    - metadata:
        name: <name of the mount>
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: <size>`;
