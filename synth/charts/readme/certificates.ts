/** How to make a trust anchor and an issuer, tried with OpenSSL 3. */
export const INSTALL_CERTIFICATES = `A mesh needs a trust anchor and an issuer that it has signed (ECDSA P-256). With [step](https://smallstep.com/cli):

\`\`\`sh
step certificate create root.linkerd.cluster.local ca.crt ca.key \\
  --profile root-ca --no-password --insecure
step certificate create identity.linkerd.cluster.local issuer.crt issuer.key \\
  --profile intermediate-ca --not-after 8760h --no-password --insecure --ca ca.crt --ca-key ca.key
\`\`\`

or with OpenSSL 3:

\`\`\`sh
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj /CN=root.linkerd.cluster.local \\
  -addext keyUsage=critical,keyCertSign,cRLSign -out ca.crt
openssl ecparam -name prime256v1 -genkey -noout -out issuer.key
openssl req -new -key issuer.key -subj /CN=identity.linkerd.cluster.local \\
  -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \\
  -addext subjectAltName=DNS:identity.linkerd.cluster.local -out issuer.csr
openssl x509 -req -in issuer.csr -copy_extensions copy -CA ca.crt -CAkey ca.key -days 365 -sha256 -out issuer.crt
\`\`\`

Keep \`ca.key\` away from the cluster: it is needed again only for the next issuer.
`;
