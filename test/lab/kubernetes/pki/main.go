// Writes the certificates and keys that the lab asks for: reads a JSON list of requests from its standard input,
// writes <name>.crt and <name>.key into the folder that its argument names. An authority comes before what it signs.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const lifetime = 365 * 24 * time.Hour

// request is one certificate; without an issuer it signs itself and is an authority.
type request struct {
	Name          string   `json:"name"`
	Issuer        string   `json:"issuer"`
	CommonName    string   `json:"commonName"`
	Organizations []string `json:"organizations"`
	DNSNames      []string `json:"dnsNames"`
	Addresses     []net.IP `json:"addresses"`
}

type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func main() {
	var requests []request
	must(json.NewDecoder(os.Stdin).Decode(&requests))
	pairs := map[string]pair{}
	for _, wanted := range requests {
		pairs[wanted.Name] = issue(wanted, pairs[wanted.Issuer])
	}
}

func issue(wanted request, issuer pair) pair {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := describe(wanted)
	if wanted.Issuer == "" {
		issuer = pair{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, key.Public(), issuer.key)
	must(err)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(err)
	write(wanted.Name+".crt", "CERTIFICATE", der)
	write(wanted.Name+".key", "EC PRIVATE KEY", keyDER)
	return pair{certificate, key}
}

func describe(wanted request) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	must(err)
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: wanted.CommonName, Organization: wanted.Organizations},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(lifetime),
		BasicConstraintsValid: true,
		DNSNames:              wanted.DNSNames,
		IPAddresses:           wanted.Addresses,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if wanted.Issuer == "" {
		template.IsCA = true
		template.KeyUsage |= x509.KeyUsageCertSign
		template.ExtKeyUsage = nil
	}
	return template
}

func write(name, kind string, der []byte) {
	encoded := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	must(os.WriteFile(filepath.Join(os.Args[1], name), encoded, 0o600))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
