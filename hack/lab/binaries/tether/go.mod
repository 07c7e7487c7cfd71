module antipode.dev/lab/tether

go 1.26.0
