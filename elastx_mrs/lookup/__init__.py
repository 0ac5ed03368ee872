"""How name servers are asked, for the guard and for verification, and what their answers mean to mail receivers."""
