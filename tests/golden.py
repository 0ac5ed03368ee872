"""Values that the service's own page gives ("Getting started", its DNS records)."""

ACCOUNT = "user@domain.com"
TOKEN = "elastx-mrs=f7ee5ec7312165148b69fcca1d29075b14b8aef0b5048a332b18b88d09069fb7"
SPF = "v=spf1 include:elastx.email -all"
DMARC = "v=DMARC1; p=quarantine; adkim=r; aspf=r;"

# As dig shows it, in two character-strings, each wrapped over lines by the page.
DKIM_PAGE = (
    '"v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwHsOJDTnxAkcz/RBek0XDqLaSZov/icY7mZHUSIV7gbHRVLhMWKvWqDV'
    "56WdbO+tVo2  \nGaf298Jo0WxwGsIUe0zi6dT0WXgv2zhP0KDT5aRu4q34SsLvrDe218xOC677gm6xUcFaqIMeiU73b9osCDlAxnNSwa2pjxx9ye"
    'O6py75tfzw86YkKUvPXPUW754E6mu/k+/4q" "z4NeFnGrCyHLr5rlyxpljMyL8eD13VRP3am  \nkCl3Bcgkzt/JWLLa3/9X+N8gkWbB1W2RHAx'
    'acvxErSN5K8UHOAT3cUR3qvPGjE4iIKLoU1IkH7s8Gud5gHkiiY5opgDhdfz2kiILyrSv5DQIDAQAB"'
)
DKIM_FIRST = (
    "v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwHsOJDTnxAkcz/RBek0XDqLaSZov/icY7mZHUSIV7gbHRVLhMWKvWqDV"
    "56WdbO+tVo2Gaf298Jo0WxwGsIUe0zi6dT0WXgv2zhP0KDT5aRu4q34SsLvrDe218xOC677gm6xUcFaqIMeiU73b9osCDlAxnNSwa2pjxx9yeO6p"
    "y75tfzw86YkKUvPXPUW754E6mu/k+/4q"
)
DKIM_REST = (
    "z4NeFnGrCyHLr5rlyxpljMyL8eD13VRP3amkCl3Bcgkzt/JWLLa3/9X+N8gkWbB1W2RHAxacvxErSN5K8UHOAT3cUR3qvPGjE4iIKLoU1IkH7s8G"
    "ud5gHkiiY5opgDhdfz2kiILyrSv5DQIDAQAB"
)
DKIM = DKIM_FIRST + DKIM_REST
KEY = DKIM.partition("p=")[2]
