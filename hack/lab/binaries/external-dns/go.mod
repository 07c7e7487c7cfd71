module antipode.dev/lab/external-dns

go 1.26.8
