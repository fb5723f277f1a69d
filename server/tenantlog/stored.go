package tenantlog

// storedEvent is an event of the tenant's log as the Management API shows it, Auth0:
// api/management/v2/logs and deploy-monitor/logs/log-event-type-codes.
type storedEvent struct {
	Date         string `json:"date"` // ISO 8601 with milliseconds
	Type         string `json:"type"`
	Description  string `json:"description"`
	Connection   string `json:"connection,omitempty"`
	ConnectionID string `json:"connection_id"`
	ClientID     string `json:"client_id,omitempty"`
	ClientName   string `json:"client_name"`
	IP           string `json:"ip"`
	UserAgent    string `json:"user_agent,omitempty"`
	Details      any    `json:"details,omitempty"`
	Hostname     string `json:"hostname,omitempty"`
	UserID       string `json:"user_id"`
	UserName     string `json:"user_name"`
	Auth0Client  any    `json:"auth0_client,omitempty"`
	Audience     string `json:"audience,omitempty"`
	Scope        string `json:"scope,omitempty"`
	Strategy     string `json:"strategy,omitempty"`
	StrategyType string `json:"strategy_type,omitempty"`
	TenantName   string `json:"tenant_name"`
	// OrganizationID and OrganizationName are set if the event happened in an
	// organization.
	OrganizationID   string `json:"organization_id,omitempty"`
	OrganizationName string `json:"organization_name,omitempty"`
	// References relate the event to other systems.
	References *references `json:"references,omitempty"`
	// LogID sorts an event after all those that were recorded before it.
	LogID string `json:"log_id"`
	// ID repeats LogID, as Auth0 does.
	ID       string `json:"_id"`
	IsMobile bool   `json:"isMobile"`
}

// references are what other systems know a log event by.
type references struct {
	// CorrelationID is the name that the application has given to the login.
	CorrelationID string `json:"correlation_id"`
}
